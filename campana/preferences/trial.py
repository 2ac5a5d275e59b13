"""A test notification to oneself, and what became of it."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from campana.channels import CHANNELS
from campana.db import Database, Tx
from campana.events import AnnouncementPublished
from campana.i18n import gettext as _
from campana.preferences import matrix
from campana.preferences.policy import Decision, Occasion, decide
from campana.publish import publish
from campana.queries import queries
from campana.users import Person

PATIENCE = 1.5
"""Seconds to wait for its dispatch."""
TYPE = AnnouncementPublished.type
SET_UP = sum(channel.bit for channel in CHANNELS if channel.is_set_up)


@dataclass(frozen=True, slots=True)
class Outcome:
    """is_there: whether it has arrived, None when it was not dispatched in time. decision: why."""

    is_there: bool | None
    channels: int
    decision: Decision


async def send(db: Database, person: Person) -> Outcome:
    """An announcement to this person alone, told through every channel that is chosen."""
    async with db.tenant(person.tenant_id, person.id) as tx:
        event_id = await publish(
            tx,
            AnnouncementPublished(
                audience=f"user:{person.id}",
                title=_("This is a test"),
                message=_("So your notifications look and sound."),
                url="/preferences",
            ),
        )
        decision = await _foreseen(tx, person)
    found = await _arrival(db, person, event_id)
    return Outcome(None if found is None else found > 0, (found or 0) & SET_UP, decision)


async def _foreseen(tx: Tx, person: Person) -> Decision:
    row = (await matrix.of_person(tx, person)).of(TYPE)
    assert row, "it is built in"
    return decide(row.layers, Occasion(moment=dt.datetime.now(dt.UTC)))


async def _arrival(db: Database, person: Person, event_id: UUID | None) -> int | None:
    """The channels of the row; 0 for none, None while it is not dispatched."""
    for _attempt in range(int(PATIENCE / 0.05)):
        async with db.tenant(person.tenant_id, person.id) as tx:
            found: int | None = await queries.preferences.arrived(
                tx, tenant=person.tenant_id, reader=person.id, event=event_id
            )
        if found is not None:
            return found
        await asyncio.sleep(0.05)
    return None
