"""The log: every event of a tenant that left notifications, whom it reached, what was set aside.

Ids are UUIDv7, so the newest come first along the primary key, however many there are. Filters look
at SPAN events at a time and say how far they came. Live-only events leave no trace here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit
from campana.errors import Conflict, NotFound
from campana.i18n import current_locale
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

PAGE = 30
SPAN = 5_000
"""Events that a filter looks at, at a time."""
REAL_TIME = timedelta(seconds=5)
"""Published to dispatched, within which an event counts as told while it happened (A9)."""
NEWEST = UUID(int=2**128 - 1)
MOST_RECIPIENTS = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events: all of these exactly; since ≤ published < until. person: tell whether each
    reached them, and leave out none."""

    type: str | None = None
    audience: str | None = None
    actor: UUID | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: UUID | None = None
    before: UUID | None = None

    @property
    def is_plain(self) -> bool:
        return not (self.type or self.audience or self.actor or self.subject)


@dataclass(frozen=True, slots=True)
class Page:
    """Events, newest first. older: `before` of the next page, None at the end. is_cut: a filter
    looked at SPAN events and there are more; `older` goes on from there."""

    rows: list[Any]
    older: UUID | None
    is_cut: bool = False


async def page(tx: Tx, tenant_id: UUID, which: Filter, limit: int = PAGE) -> Page:
    """At most `limit` events."""
    rows = [
        row
        async for row in queries.log.page(
            tx,
            tenant=tenant_id,
            before=await _before(tx, which),
            since=which.since,
            type=which.type,
            audience=which.audience,
            actor=which.actor,
            subject=which.subject,
            person=which.person,
            locale=current_locale(),
            span=limit + 1 if which.is_plain else SPAN,
            limit=limit + 1,
        )
    ]
    found = [row for row in rows if row["id"]]
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1]["id"])
    looked_to = rows[0]["looked_to"]
    return Page(found, looked_to, is_cut=looked_to is not None)


async def one(tx: Tx, tenant_id: UUID, event_id: UUID) -> Any:
    """An event with words, data and the number of recipients; NotFound, Conflict while it waits."""
    row = await queries.log.one(tx, tenant=tenant_id, id=event_id)
    if row is None:
        await _refuse(tx, tenant_id, event_id)
    return row


async def recipients(
    tx: Tx, tenant_id: UUID, event_id: UUID, sought: str | None, after: UUID | None
) -> tuple[list[Any], UUID | None]:
    """At most 50 whom an event was given to, with what became of it; `after` of the next page."""
    rows = [
        row
        async for row in queries.log.recipients(
            tx,
            tenant=tenant_id,
            id=event_id,
            sought=sought,
            after=after,
            limit=MOST_RECIPIENTS + 1,
        )
    ]
    more = len(rows) > MOST_RECIPIENTS
    return rows[:MOST_RECIPIENTS], rows[MOST_RECIPIENTS - 1]["user_id"] if more else None


async def set_aside(tx: Tx, tenant_id: UUID) -> list[Any]:
    """Events that failed three times (event_id, type, reason, body, at), at most 200."""
    return [row async for row in queries.log.set_aside(tx, tenant=tenant_id)]


async def count_set_aside(tx: Tx, tenant_id: UUID) -> int:
    found: int = await queries.log.count_set_aside(tx, tenant=tenant_id)
    return found


async def try_again(db: Database, me: Person, event_id: UUID) -> None:
    """An event that was set aside goes back to the queue, behind what waits there. Nothing happens
    to one that somebody has tried again already; NotFound."""
    async with db.tenant(me.tenant_id, me.id) as tx:
        done = await queries.log.try_again(tx, tenant=me.tenant_id, id=event_id)
        await _settle(tx, me, event_id, done, "event.try_again")


async def discard(db: Database, me: Person, event_id: UUID) -> None:
    """An event that was set aside is given up. NotFound, Conflict when it was tried again."""
    async with db.tenant(me.tenant_id, me.id) as tx:
        done = await queries.log.discard(tx, tenant=me.tenant_id, id=event_id)
        await _settle(tx, me, event_id, done, "event.discard")
    if done["outcome"] == "before":
        raise Conflict("Somebody has tried this event again meanwhile.")


async def _settle(tx: Tx, me: Person, event_id: UUID, done: Any, action: str) -> None:
    if done is None:
        raise NotFound("This event is not set aside (any more).")
    if done["outcome"] == "done":
        said = {"event": event_id, "type": done["type"], "reason": done["reason"]}
        await audit.record(tx, me.tenant_id, me.actor, action, **said)


async def _before(tx: Tx, which: Filter) -> UUID:
    """Where to begin: below an id, or below the first one of the moment when the period ends."""
    if which.until is None:
        return which.before or NEWEST
    end: UUID = await queries.log.first_id(tx, moment=which.until)
    return min(end, which.before) if which.before else end


async def _refuse(tx: Tx, tenant_id: UUID, event_id: UUID) -> None:
    state = await queries.log.state(tx, tenant=tenant_id, id=event_id)
    if state == "scheduled":
        raise Conflict("This event is still waiting for its time.")
    if state == "set_aside":
        raise Conflict("This event failed and is set aside.", hint="Look at it and try again.")
    raise NotFound("There is no such event.", hint="Live messages leave no trace.")
