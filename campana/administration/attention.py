"""Quiet hours, work days and lowest priority of a tenant: what holds for who has chosen nothing.

They are kept with the other layers (campana/preferences); here they are read and written as a form.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from campana.administration import edits
from campana.errors import Invalid
from campana.events import PRIORITIES
from campana.i18n import gettext as _
from campana.preferences import layers
from campana.preferences.attention import EVERY_DAY, USUAL, Attention, Quiet
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

USUAL_HOURS = ("22:00", "07:00")
"""What a form proposes where there are no quiet hours."""


async def read(tx: Tx, me: Person) -> dict[str, Any]:
    """As a form says it: quiet (bool), quiet_from and quiet_to (HH:MM), work_days (bits, Monday
    is 1), min_priority, urgent_breaks_through (bool)."""
    said = (await layers.read(tx, me.tenant_id)).attention.get(layers.TENANT, USUAL)
    begin, end = USUAL_HOURS
    if said.quiet:
        begin, end = f"{said.quiet.start:%H:%M}", f"{said.quiet.end:%H:%M}"
    breaks = said.urgent_breaks_through
    return {
        "quiet": bool(said.quiet),
        "quiet_from": begin,
        "quiet_to": end,
        "work_days": said.work_days or EVERY_DAY,
        "min_priority": said.min_priority or USUAL.min_priority,
        "urgent_breaks_through": breaks is not False,
    }


async def change(
    db: Database, me: Person, mine: Mapping[str, Any], was: Mapping[str, Any]
) -> dict[str, Any]:
    """Writes what differs, with an audit row; what changed. Invalid by field, Overtaken."""
    _check(mine)
    async with db.tenant(me.tenant_id, me.id) as tx:
        await queries.tenant_settings.lock(tx, tenant=me.tenant_id)
        now = await read(tx, me)
        done = edits.changes(was, mine, now)
        if done:
            wanted = _attention(now | done)
            await layers.set_attention(tx, me.tenant_id, wanted, actor=me.actor)
    if done:
        await layers.announce(db, me.tenant_id)
    return done


def _attention(said: Mapping[str, Any]) -> Attention:
    hours = Quiet(_clock(said["quiet_from"]), _clock(said["quiet_to"]))
    return Attention(
        min_priority=said["min_priority"],
        quiet=hours if said["quiet"] else False,
        work_days=said["work_days"],
        urgent_breaks_through=said["urgent_breaks_through"],
    )


def _check(mine: Mapping[str, Any]) -> None:
    faults = []
    if mine["min_priority"] not in PRIORITIES:
        faults.append(("min_priority", _("Choose one of the list.")))
    if not 1 <= mine["work_days"] <= EVERY_DAY:
        faults.append(("work_days", _("At least one day is a work day.")))
    for field in ("quiet_from", "quiet_to"):
        if not _is_clock(mine[field]):
            faults.append((field, _("Write a time such as 22:00.")))
    if not faults and mine["quiet"] and mine["quiet_from"] == mine["quiet_to"]:
        faults.append(("quiet_to", _("Quiet hours end at another time than they begin.")))
    if faults:
        raise Invalid.by_field(faults)


def _is_clock(text: str) -> bool:
    try:
        return len(text) == len("22:00") and f"{_clock(text):%H:%M}" == text
    except ValueError:
        return False


def _clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)
