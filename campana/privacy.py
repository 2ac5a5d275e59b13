"""What is left of people who were erased goes in steps, by the clock of any process.

Begun by `campana/administration/privacy.py`: the account itself is gone by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from campana.queries import queries
from campana.repeating import for_each

if TYPE_CHECKING:
    from campana.db import Database

BUSY = 0.05
"""Seconds before the next try while another process is at it."""
SHARE = 0.5
"""How long it rests after a step, in lengths of that step."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Notifications that are gone, events that named the person."""

    notifications: int
    events: int


async def proceed(
    db: Database,
    tenant_id: UUID,
    person: UUID,
    progress: Callable[[Erased], None] | None = None,
) -> Erased:
    """Until nothing is left. progress: told after every step."""
    stage, done = "", Erased(0, 0)
    while stage != "done":
        began = monotonic()
        async with db.bus() as bus:
            row = await queries.privacy.step(bus, tenant=tenant_id, person=person)
        if row["stage"] is None:
            await asyncio.sleep(BUSY)
            continue
        stage, done = row["stage"], Erased(row["notifications"], row["events"])
        if progress:
            progress(done)
        await asyncio.sleep(SHARE * (monotonic() - began))
    return done


async def proceed_all(db: Database) -> None:
    """Everybody who is being erased."""
    async with db.bus() as bus:
        found = [(row["tenant_id"], row["user_id"]) async for row in queries.privacy.erasing(bus)]
    await for_each(found, lambda one: proceed(db, *one), trouble="erasing.failed")
