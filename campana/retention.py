"""Retention: what is older than its tenant keeps goes, in steps that nobody waits long for.

By the clock and by `main.py purge`; how far a purge has come is in the database, so any number
of processes may work at it, and one that dies leaves a purge that another goes on with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from campana import signals
from campana.queries import queries
from campana.repeating import for_each

if TYPE_CHECKING:
    from campana.db import Database

BUSY = 0.005
"""Seconds before the next try while somebody else writes for the tenant."""
SHARE = 1.0
"""How long it rests after a step, in lengths of that step: half the time is the dispatcher's."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What has gone, or would go: notifications of inboxes, events of which none is left."""

    notifications: int
    events: int


Progress = Callable[[Purged], None]


async def preview(db: Database, tenant_id: UUID) -> Purged:
    """What a purge would take away now. Looks through everything: seconds for millions."""
    async with db.bus() as bus:
        row = await queries.retention.preview(bus, tenant=tenant_id)
    return Purged(row["notifications"], row["events"])


async def purge_due(db: Database) -> None:
    """Of every tenant whose last purge is an hour ago or was interrupted."""
    async with db.bus() as bus:
        due = [row["id"] async for row in queries.retention.tenants(bus)]
    await for_each(due, lambda tenant: purge(db, tenant, force=False), trouble="purge.failed")


async def purge(
    db: Database, tenant_id: UUID, *, force: bool = True, progress: Progress | None = None
) -> Purged:
    """Until nothing old is left. progress: told after every step what has gone so far.

    force: also when the last purge ended a moment ago.
    """
    done = Purged(0, 0)
    async with db.bus() as bus:
        stage = "begun" if await queries.retention.begin(bus, tenant=tenant_id, force=force) else ""
    while stage not in ("", "done"):
        began = monotonic()
        async with db.bus() as bus:
            row = await queries.retention.step(bus, tenant=tenant_id)
        if row["stage"] is None:
            await asyncio.sleep(BUSY)
            continue
        stage, done = row["stage"], Purged(row["notifications"], row["events"])
        if row["user_ids"]:
            await signals.hint(db, tenant_id, row["user_ids"])
        if progress:
            progress(done)
        await asyncio.sleep(SHARE * (monotonic() - began))
    return done
