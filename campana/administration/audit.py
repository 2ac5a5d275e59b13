"""The audit as administrators read it, page by page or as a whole. campana/audit.py writes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx

NEWEST = 2**63 - 1
PAGE = 50
AT_ONCE = 500
"""Rows read at once for an export."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows: actor and action exactly, since ≤ at < until, words anywhere in the row."""

    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sought: str | None = None
    before: int = NEWEST


@dataclass(frozen=True, slots=True)
class Page:
    """Rows (id, at, actor, actor_now, action, detail), newest first. actor_now: the e-mail of a
    person who has another by now. older: `before` of the next page."""

    rows: list[Any]
    older: int | None


async def page(tx: Tx, tenant_id: UUID, which: Filter, limit: int = PAGE) -> Page:
    """At most `limit` rows."""
    found = [row async for row in _asked(tx, tenant_id, which, limit + 1)]
    return Page(found[:limit], found[limit - 1]["id"] if len(found) > limit else None)


async def whole(db: Database, tenant_id: UUID, which: Filter) -> AsyncIterator[Any]:
    """All rows, newest first. Between the looks no connection is held: readers may be slow."""
    older: int | None = which.before
    while older is not None:
        async with db.tenant(tenant_id) as tx:
            found = await page(tx, tenant_id, replace(which, before=older), AT_ONCE)
        for row in found.rows:
            yield row
        older = found.older


async def actors(tx: Tx, tenant_id: UUID) -> list[str]:
    """Who appears in it, at most 200."""
    return [row["actor"] async for row in queries.audit.actors(tx, tenant=tenant_id)]


async def actions(tx: Tx, tenant_id: UUID) -> list[str]:
    """What appears in it, at most 200."""
    return [row["action"] async for row in queries.audit.actions(tx, tenant=tenant_id)]


def _asked(tx: Tx, tenant_id: UUID, which: Filter, limit: int) -> AsyncIterator[Any]:
    rows: AsyncIterator[Any] = queries.audit.page(
        tx,
        tenant=tenant_id,
        before=which.before,
        actor=which.actor,
        action=which.action,
        since=which.since,
        until=which.until,
        sought=which.sought,
        limit=limit,
    )
    return rows
