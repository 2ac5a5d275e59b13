"""Who is connected, on whatever process (campana/roster.py writes it down); closing one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit
from campana.errors import NotFound
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

PAGE = 50
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Whose: one user's, a role's, people with these words in name or e-mail. before: since and
    id of the last one seen."""

    user_id: UUID | None = None
    role: str | None = None
    sought: str | None = None
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Open streams, youngest first; what of them there is in all; `before` of the next page."""

    rows: list[Any]
    totals: Any
    older: tuple[datetime, UUID] | None


async def page(tx: Tx, tenant_id: UUID, which: Filter, limit: int = PAGE) -> Page:
    """At most `limit` connections. They are about a second old."""
    since, before_id = which.before or (None, None)
    rows = [
        row
        async for row in queries.connections.page(
            tx,
            tenant=tenant_id,
            user_id=which.user_id,
            role=which.role,
            sought=which.sought,
            before_since=since,
            before_id=before_id,
            limit=limit + 1,
        )
    ]
    totals = await queries.connections.totals(tx, tenant=tenant_id)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], totals, (last["since"], last["id"]) if last else None)


async def close(db: Database, me: Person, connection_id: UUID) -> None:
    """Its process closes it within a second; the reader may come back after half a minute.
    NotFound when it is gone already."""
    async with db.tenant(me.tenant_id, me.id) as tx:
        row = await queries.connections.close(tx, tenant=me.tenant_id, id=connection_id)
        if row is None:
            raise NotFound("This connection is gone already.")
        said = {"email": row["email"], "user": row["user_id"], "device": device(row["agent"])}
        await audit.record(tx, me.tenant_id, me.actor, "connection.close", **said)


def rooms(row: Any) -> list[str]:
    """What the stream hears: all, and what its person's role, branch and topics bring."""
    named = [f"role:{row['role']}"]
    named += [f"branch:{row['branch']}"] if row["branch"] else []
    return ["all", *named, *(f"topic:{topic}" for topic in row["topics"])]


def device(agent: str) -> str:
    """`Firefox · Linux` of a User-Agent; of a program its first word: `python-httpx/0.27`."""
    browser = next((name for sign, name in BROWSERS if f"{sign}/" in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    if browser:
        return f"{browser} · {system}" if system else browser
    return re.split(r"[\s(;]", agent, maxsplit=1)[0][:60]
