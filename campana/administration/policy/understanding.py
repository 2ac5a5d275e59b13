"""What somebody wants of a layer, held against what it says by now and what others made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from campana.administration import edits
from campana.administration.edits import Overtaken
from campana.administration.policy import sheet
from campana.administration.policy.cells import STATES, masks, states
from campana.administration.policy.draft import Cells, Draft, Wanted
from campana.administration.policy.sheet import Line
from campana.channels import BY_NAME
from campana.errors import Conflict, Invalid
from campana.i18n import gettext as _
from campana.preferences.attention import Attention, attention_of
from campana.preferences.layers import TENANT
from campana.preferences.presets import PRESETS
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx
    from campana.users import Person

LONGEST_REASON = 300


async def understood(tx: Tx, me: Person, wanted: Wanted) -> Draft:
    """What is to change.

    NotFound for a role that there is not; Invalid for types, channels, states, reasons; Conflict
    for what a layer above has locked.
    """
    await sheet.roles_of(tx, me.tenant_id, wanted.role)
    asked = {**_of_preset(wanted), **wanted.cells}
    lines = await sheet.named(tx, me.tenant_id, wanted.role, {*asked, *wanted.reasons})
    _check(asked, wanted, lines)
    now = {name: states(line.masks) for name, line in lines.items()}
    done, theirs = _changes(wanted.was, _without_locked(wanted, asked, lines), now)
    after = {
        name: masks({**now[name], **done.get(name, {})}, _reason(wanted, name, line))
        for name, line in lines.items()
    }
    changed = {name: said for name, said in after.items() if said != lines[name].masks}
    before = {name: lines[name].masks for name in changed}
    had, hours = await _attention(tx, me, wanted)
    return Draft(wanted.role, lines, before, changed, had, hours, theirs)


def _of_preset(wanted: Wanted) -> dict[str, Mapping[str, str]]:
    if not wanted.preset:
        return {}
    if wanted.preset not in PRESETS or wanted.role == TENANT:
        raise Invalid(_("Choose one of the presets, for a role."), field="preset")
    return {name: states(said) for name, said in PRESETS[wanted.preset].types.items()}


async def _attention(tx: Tx, me: Person, wanted: Wanted) -> tuple[Attention, Attention | None]:
    """What the layer says of hours by now, and what it shall say; None: that is the same."""
    rows = queries.layers.attentions(tx, tenant=me.tenant_id)
    now = {row["role"]: attention_of(row) async for row in rows}.get(wanted.role, Attention())
    mine = PRESETS[wanted.preset].attention if wanted.preset else wanted.attention
    if wanted.attention_was not in (None, now) and mine != now:
        raise Overtaken({"hours": now})
    return now, None if mine in (None, now) else mine


def _check(asked: Cells, wanted: Wanted, lines: Mapping[str, Line]) -> None:
    if unknown := [name for name in (*asked, *wanted.reasons) if name not in lines]:
        raise Invalid(
            _("There is no type %(type)s that leaves notifications.") % {"type": unknown[0][:80]},
            field=unknown[0][:80],
            code="unknown_type",
        )
    for name, cells in asked.items():
        for channel, state in cells.items():
            if channel not in BY_NAME or state not in STATES:
                raise Invalid(
                    _("Choose one of the list."),
                    field=f"{name} {channel[:40]}",
                    code="invalid_value",
                )
    for said in (wanted.reason or "", *wanted.reasons.values()):
        if len(said) > LONGEST_REASON:
            raise Invalid(_("Say it in 300 characters at most."), field="reason")


def _without_locked(wanted: Wanted, asked: Cells, lines: Mapping[str, Line]) -> dict[str, Any]:
    """Without what a layer above has locked: asked for it is refused, in a preset passed over."""
    free: dict[str, dict[str, str]] = {}
    for name, cells in asked.items():
        now = {cell.channel: cell for cell in lines[name].cells}
        free[name] = {one: state for one, state in cells.items() if not now[one].lock}
        held = [one for one in cells if now[one].lock and cells[one] != now[one].state]
        if held and name in wanted.cells and not wanted.preset:
            raise Conflict(
                _("The whole business has locked this: change it there."), field=f"{name} {held[0]}"
            )
    return free


def _changes(
    was: Cells, mine: Cells, now: Cells
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Which cells become what, and those that others changed meanwhile."""
    theirs: dict[str, str] = {}
    had, asked, by_now = _flat(was), _flat(mine), _flat(now)
    try:
        done = edits.changes(had, asked, by_now)
    except Overtaken as error:
        theirs = {cell: str(state) for cell, state in error.theirs.items()}
        meant = {cell: state for cell, state in asked.items() if state != had.get(cell)}
        done = edits.changes({}, meant, by_now)
    nested: dict[str, dict[str, str]] = {}
    for cell, state in done.items():
        name, _space, channel = cell.partition(" ")
        nested.setdefault(name, {})[channel] = state
    return nested, theirs


def _flat(cells: Cells) -> dict[str, str]:
    return {
        f"{name} {channel}": state
        for name, said in cells.items()
        for channel, state in said.items()
    }


def _reason(wanted: Wanted, name: str, line: Line) -> str:
    """Said for this type, else for all that is locked now, else as it was."""
    said = wanted.reasons.get(name, wanted.reason)
    return line.masks.reason if said is None else " ".join(said.split())
