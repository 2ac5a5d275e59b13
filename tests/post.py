"""Publishing and delivering at once, where a test is not about the corridor itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from campana.db import Database
from campana.outbox import Tenants, dispatch
from campana.publish import publish_many
from tests.waiting import eventually

Item = dict[str, Any]


async def post(db: Database, *events: Item, tenant: str = "norte") -> list[UUID]:
    """Publish events (sale:created for everybody, unless they say otherwise) and deliver them."""
    items = [{"type": "sale:created", "audience": "all", **event} for event in events or ({},)]
    async with db.bus() as tx, tx.transaction():
        outcomes = await publish_many(tx, tenant, items)
    assert not [outcome for outcome in outcomes if outcome.code], outcomes
    await deliver(db)
    return [outcome.id for outcome in outcomes if outcome.id]


async def deliver(db: Database) -> None:
    """Dispatch until nothing is left, also of what another dispatcher has in its hands."""
    tenants = Tenants()
    async with db.bus() as tx:
        while await tx.fetchval("select exists (select from campana.outbox)"):
            await dispatch(tx, tenants, lambda hint: None)


async def backdate(db: Database, event: UUID, minutes: int) -> None:
    """As if it had been published so long ago; once it is there, whoever dispatches it."""
    old = "update campana.event set published_at = now() - $1 * interval '1 minute' where id = $2"

    async def is_done() -> bool:
        async with db.bus() as bus:
            return bool(await bus.execute(old, minutes, event) == "UPDATE 1")

    await eventually(is_done)
