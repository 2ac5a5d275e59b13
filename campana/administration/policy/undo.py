"""The last change of the policy is taken back: the layer, and what people had chosen before it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit
from campana.administration.policy import sheet
from campana.administration.policy.cells import told
from campana.administration.policy.change import write_layer
from campana.errors import Conflict
from campana.i18n import gettext as _
from campana.preferences import layers
from campana.preferences.attention import Attention, attention_of
from campana.preferences.policy import Masks
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

FOR = timedelta(days=7)
"""How long a change can be taken back; the clock then lets go what that takes (KEEP_CHANGES)."""


async def last(tx: Tx, me: Person) -> Any | None:
    """The newest change (id, role, applies_to, actor, at, before, after, people) while it can be
    taken back; touched: of how many people it touched own choices. Else None."""
    row = await queries.policy.last(tx, tenant=me.tenant_id, age=FOR)
    return row if row and row["undone_at"] is None else None


async def undo(db: Database, me: Person, change_id: UUID) -> None:
    """Takes it back. What people chose since stays theirs.

    Conflict when it is not the newest any more, or when what it wrote was changed since.
    """
    async with db.tenant(me.tenant_id, me.id) as tx:
        await queries.layers.lock_tenant(tx, tenant=str(me.tenant_id))
        row = await last(tx, me)
        if row is None or row["id"] != change_id:
            raise Conflict(_("There is a newer change: this one cannot be taken back any more."))
        await _refuse_changed(tx, me, row)
        await _restore(tx, me, row)
    await layers.announce(db, me.tenant_id, row["role"])


async def _restore(tx: Tx, me: Person, row: Any) -> None:
    whose = {"tenant": me.tenant_id, "change": row["id"]}
    before, after = _types(row["before"]), _types(row["after"])
    await queries.policy.restore(tx, **whose)
    await queries.policy.forget_choices(tx, **whose)
    await write_layer(tx, me, row["role"], before)
    if row["after"]["attention"]:
        had = attention_of(row["before"]["attention"])
        await layers.set_attention(tx, me.tenant_id, had, role=row["role"], actor=me.actor)
    await queries.policy.undone(tx, tenant=me.tenant_id, id=row["id"])
    left, back = told(after, before)
    await audit.record(
        tx,
        me.tenant_id,
        me.actor,
        "policy.undo",
        before=left,
        after=back,
        role=row["role"] or None,
    )


async def _refuse_changed(tx: Tx, me: Person, row: Any) -> None:
    wrote = _types(row["after"])
    now = await sheet.named(tx, me.tenant_id, row["role"], wrote)
    is_same = all(name in now and now[name].masks == said for name, said in wrote.items())
    if hours := row["after"]["attention"]:
        found = (await layers.read(tx, me.tenant_id)).attention.get(row["role"], Attention())
        is_same = is_same and found == attention_of(hours)
    if not is_same:
        raise Conflict(_("What this change wrote was changed since: change it by hand."))


def _types(kept: Any) -> dict[str, Masks]:
    return {name: Masks(**said) for name, said in kept["types"].items()}
