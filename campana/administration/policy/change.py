"""A change of a layer: looked at before it is made, then made for whom it applies to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args
from uuid import UUID

from campana import audit
from campana.administration.edits import Overtaken
from campana.administration.policy.cells import told
from campana.administration.policy.draft import Draft, Wanted
from campana.administration.policy.understanding import understood
from campana.errors import Invalid
from campana.i18n import gettext as _
from campana.preferences import layers
from campana.preferences.attention import Attention, columns_of
from campana.preferences.layers import TENANT
from campana.preferences.policy import Masks
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

AppliesTo = Literal["new", "unchanged", "everybody"]
"""new: existing people keep what they have. unchanged: whoever chose otherwise keeps that.
everybody: people's own choices of the changed cells are removed. What is locked binds everybody."""
APPLIES_TO: tuple[AppliesTo, ...] = get_args(AppliesTo)
MOST_TOUCHED = 200_000
"""Own choices that one change may touch."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many active people it changes, how many keep their own in spite of it, and of how many
    own choices are removed; with the first names of at most five of each."""

    changed: int = 0
    kept: int = 0
    lost: int = 0
    people: int = 0
    changed_names: tuple[str, ...] = ()
    kept_names: tuple[str, ...] = ()
    lost_names: tuple[str, ...] = ()


async def reach(tx: Tx, me: Person, wanted: Draft) -> dict[str, Reach]:
    """For each of APPLIES_TO. One statement, whoever many people there are."""
    if not wanted.after:
        return dict.fromkeys(APPLIES_TO, Reach())
    found = queries.policy.reach(
        tx, tenant=me.tenant_id, role=wanted.role, changes=wanted.as_rows()
    )
    rows = {row["applies_to"]: row async for row in found}
    return {name: _reach(rows[name]) if name in rows else Reach() for name in APPLIES_TO}


async def reach_of_hours(tx: Tx, me: Person, wanted: Draft) -> Reach:
    """The same of hours, days and lowest priority. Whoever chose otherwise keeps that always."""
    if wanted.attention is None:
        return Reach()
    columns = columns_of(wanted.attention)
    row = await queries.layers.attention_reach(tx, tenant=me.tenant_id, role=wanted.role, **columns)
    return _reach(row)


async def apply(db: Database, me: Person, wanted: Wanted, applies_to: AppliesTo) -> int:
    """Writes it, with an audit row; for how many people something changed.

    It counts from the next event on, and open pages follow. Raises what `understood` does,
    Overtaken with the cells of others, Invalid for more than MOST_TOUCHED own choices.
    """
    async with db.tenant(me.tenant_id, me.id) as tx:
        await queries.layers.lock_tenant(tx, tenant=str(me.tenant_id))
        meant = await understood(tx, me, wanted)
        if meant.theirs:
            raise Overtaken(meant.theirs)
        if meant.is_nothing:
            return 0
        people = await _people(tx, me, meant, applies_to)
        await _write(tx, me, meant, applies_to, people)
    await layers.announce(db, me.tenant_id, meant.role)
    return people


async def write_layer(tx: Tx, me: Person, role: str, types: Mapping[str, Masks]) -> None:
    """All of what the layer says of these types."""
    changes = [{"type": name, **asdict(said)} for name, said in types.items()]
    if role == TENANT:
        await queries.policy.write_tenant(tx, tenant=me.tenant_id, changes=changes)
    else:
        await queries.policy.write_role(tx, tenant=me.tenant_id, role=role, changes=changes)


def kept(types: Mapping[str, Masks], attention: Attention | None) -> dict[str, Any]:
    """What is written down of a layer, to be brought back: undo.py reads it."""
    return {
        "types": {name: asdict(said) for name, said in types.items()},
        "attention": columns_of(attention) if attention else None,
    }


async def _people(tx: Tx, me: Person, meant: Draft, applies_to: AppliesTo) -> int:
    """A preset changes cells and hours, mostly of the same people: whichever are more."""
    by_cells = (await reach(tx, me, meant))[applies_to].changed
    return max(by_cells, (await reach_of_hours(tx, me, meant)).changed)


async def _write(tx: Tx, me: Person, meant: Draft, applies_to: AppliesTo, people: int) -> None:
    hours = meant.attention
    change_id: UUID = await queries.policy.remember(
        tx,
        tenant=me.tenant_id,
        role=meant.role,
        applies_to=applies_to,
        actor=me.actor,
        before=kept(meant.before, meant.attention_before if hours else None),
        after=kept(meant.after, hours),
        people=people,
    )
    touched = await _touch(tx, me, meant, applies_to, change_id)
    await write_layer(tx, me, meant.role, meant.after)
    if hours:
        await layers.set_attention(tx, me.tenant_id, hours, role=meant.role, actor=me.actor)
    if meant.after:
        before, after = told(meant.before, meant.after)
        await audit.record(
            tx,
            me.tenant_id,
            me.actor,
            "policy.change",
            before=before,
            after=after,
            role=meant.role or None,
            applies_to=applies_to,
            people=people,
            own_choices=touched,
        )


async def _touch(tx: Tx, me: Person, meant: Draft, applies_to: AppliesTo, change_id: UUID) -> int:
    touched: int = await queries.policy.touch(
        tx,
        tenant=me.tenant_id,
        role=meant.role,
        changes=meant.as_rows(),
        applies_to=applies_to,
        change=change_id,
        most=MOST_TOUCHED + 1,
    )
    if touched > MOST_TOUCHED:
        raise Invalid(
            _("Too many people and types at once: change fewer types."), field="applies_to"
        )
    return touched


def _reach(row: Any) -> Reach:
    names = ("changed_names", "kept_names", "lost_names")
    return Reach(
        *(row[name] for name in ("changed", "kept", "lost", "people")),
        *(tuple(row[name] or ()) for name in names),
    )
