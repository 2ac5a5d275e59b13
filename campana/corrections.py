"""Announcements are corrected and withdrawn in inboxes that they have reached, step by step.

Begun by `campana/administration/announcements.py`, gone on with by the clock of any process.
"""

from __future__ import annotations

import asyncio
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
SHARE = 0.5
"""How long it rests after a step, in lengths of that step: others write for the tenant too."""


async def proceed(db: Database, tenant_id: UUID, announcement: UUID, patience: float) -> bool:
    """Change the next inboxes for so many seconds; whether all are done."""
    stop_at = monotonic() + patience
    stage = ""
    while stage != "done" and monotonic() < stop_at:
        began = monotonic()
        async with db.bus() as bus:
            row = await queries.announcements.step(bus, tenant=tenant_id, id=announcement)
        stage = row["stage"]
        if row["user_ids"]:
            told = row["signal_ids"] or ()
            await signals.hint(db, tenant_id, row["user_ids"], told)
        await asyncio.sleep(BUSY if stage == "busy" else SHARE * (monotonic() - began))
    return stage == "done"


async def proceed_all(db: Database) -> None:
    """Every change that is under way, for a while each."""
    async with db.bus() as bus:
        found = [(row["tenant_id"], row["id"]) async for row in queries.announcements.changing(bus)]
    await for_each(
        found, lambda one: proceed(db, *one, patience=2.0), trouble="announcements.failed"
    )
