"""Single events that come while others are being written share the next commit.

Nobody waits for company: an event that comes alone is written alone, at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from uuid import UUID

import asyncpg
from orjson import Fragment

from campana.db import Database
from campana.publish import Published
from campana.queries import queries

MOST = 200
"""Events that share a commit."""

Waiting = tuple[bytes, "asyncio.Future[Published]"]
"""An event as JSON, and where its outcome is awaited."""


class Gathering:
    """Publishes events one by one, as far as those who wait can tell.

    Not for events with a dedupe key: their locks would last as long as the others' work.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[UUID, list[Waiting]] = defaultdict(list)
        self._writers: dict[UUID, asyncio.Task[None]] = {}

    async def publish(self, tenant_id: UUID, event: bytes) -> Published:
        """Publish one event, a JSON object; its outcome once that is durable."""
        outcome: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
        self._waiting[tenant_id].append((event, outcome))
        if tenant_id not in self._writers:
            self._writers[tenant_id] = asyncio.create_task(self._write_all(tenant_id))
        return await outcome

    async def _write_all(self, tenant_id: UUID) -> None:
        try:
            while waiting := self._waiting.pop(tenant_id, None):
                for start in range(0, len(waiting), MOST):
                    await self._write(tenant_id, waiting[start : start + MOST])
        finally:
            del self._writers[tenant_id]

    async def _write(self, tenant_id: UUID, waiting: list[Waiting]) -> None:
        try:
            events = b"[%b]" % b",".join(event for event, _ in waiting)
            outcomes = await _publish_at_once(self._db, tenant_id, events)
        except asyncpg.PostgresError as error:
            if len(waiting) == 1 or isinstance(error, asyncpg.PostgresConnectionError):
                _fail(waiting, error)
                return
            for one in waiting:  # rolled back: whoever is at fault shall not take the others along
                await self._write(tenant_id, [one])
        except Exception as error:
            _fail(waiting, error)
        else:
            for (_, future), outcome in zip(waiting, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)


async def _publish_at_once(db: Database, tenant_id: UUID, events: bytes) -> list[Published]:
    """Each by itself: what is refused leaves the others alone."""
    async with db.anonymous() as connection:
        rows = await connection.fetch(queries.door.publish_at_once.sql, tenant_id, Fragment(events))
    return [Published(**row) for row in rows]


def _fail(waiting: list[Waiting], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
