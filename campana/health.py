"""How Campana is: the database, who dispatches, whether the schema fits this program."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

import structlog

from campana.db import Database
from campana.errors import DATABASE_TROUBLE
from campana.queries import SQL, queries

log = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds the database has to answer."""
SILENCE = 5.0
"""Seconds after which a silent dispatcher counts as gone; a living one beats every two."""
CHAPTERS = frozenset(path.name for path in (SQL / "migrations").glob("*.sql"))

_asking: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """latency_ms: one round trip, waiting for a connection included. dispatching: somebody does."""

    ok: bool
    latency_ms: float | None = None
    version: str | None = None
    dispatching: bool = False


async def look(db: Database) -> DatabaseHealth:
    """Ask the database; never raises, answers within two seconds."""
    started = perf_counter()
    try:
        row = await _promptly(_look(db))
    except DATABASE_TROUBLE as error:
        log.warning("health.database", error=str(error) or type(error).__name__, success=False)
        return DatabaseHealth(ok=False)
    return DatabaseHealth(
        ok=True,
        latency_ms=round((perf_counter() - started) * 1000, 2),
        version=row["version"],
        dispatching=row["silence"] is not None and row["silence"] < SILENCE,
    )


async def is_migrated(db: Database) -> bool:
    """Whether the database has every chapter this program knows. False when it does not answer."""
    try:
        found = await _promptly(_chapters(db))
    except DATABASE_TROUBLE as error:
        log.warning("health.migrations", error=str(error) or type(error).__name__, success=False)
        return False
    return found >= CHAPTERS


async def _look(db: Database) -> Any:
    async with db.bus() as connection:
        return await queries.health.look(connection)


async def _chapters(db: Database) -> set[str]:
    async with db.bus() as connection:
        return {row["name"] async for row in queries.health.applied_migrations(connection)}


async def _promptly(question: Coroutine[Any, Any, T]) -> T:
    """The answer, or TimeoutError after PATIENCE.

    Who is cancelled gives his connection back, and a database that hangs must answer for that,
    too: nobody waits for it here.
    """
    asking = asyncio.create_task(question)
    asking.add_done_callback(_leave)
    _asking.add(asking)
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(asking)
    finally:
        asking.cancel()


def _leave(asking: asyncio.Task[Any]) -> None:
    _asking.discard(asking)
    if not asking.cancelled():
        asking.exception()  # whoever waited has heard it, or has been told of the timeout
