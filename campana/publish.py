"""Publishing: one row into the outbox, inside the caller's transaction.

Called from the domains, the clock, the HTTP door and the command line only.
"""

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from campana.db import Tx
from campana.events import Event
from campana.queries import queries

_FIELDS = tuple(field.name for field in fields(Event))


@dataclass(frozen=True, slots=True)
class Published:
    """Outcome for one event of a batch: an `id`, or a `code` (SQLSTATE CA…) and why."""

    id: UUID | None
    code: str | None = None
    message: str | None = None
    field: str | None = None
    hint: str | None = None


async def publish(tx: Tx, event: Event, *, tenant: str | None = None) -> UUID:
    """Publish one event; returns its id (UUIDv7).

    tx: the business's own transaction; if it rolls back, nothing happened.
    tenant: slug or id; by default the one the transaction acts for.
    Raises asyncpg errors with SQLSTATE CA001–CA007 for what publish_event() refuses.
    """
    arguments = {name: getattr(event, name) for name in _FIELDS}
    tenant = tenant or await queries.publish.own_tenant(tx)
    event_id: UUID = await queries.publish.publish_event(
        tx, tenant=tenant, type=event.type, **arguments
    )
    return event_id


async def publish_many(tx: Tx, tenant: str, items: list[dict[str, Any]]) -> list[Published]:
    """Try to publish each of `items` (keys as publish_event's arguments), in order.

    When any outcome has a code the caller rolls back: all happen or none.
    """
    rows = await tx.fetch(queries.publish.publish_batch.sql, tenant, items)
    return [Published(r["id"], r["code"], r["message"], r["field"], r["hint"]) for r in rows]


async def cancel(tx: Tx, tenant: str, event_id: UUID) -> None:
    """Take an event back before it is due. SQLSTATE CA008 when due already, CA009 when unknown."""
    await queries.publish.cancel_event(tx, tenant=tenant, event_id=event_id)
