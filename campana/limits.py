"""Rate limits, shared by all processes: a person's client events, what keys and tenants publish.

Windows last a minute and begin with what is counted first. Client events are counted one by one in
the database. Publishing takes portions from there and spends them here, so that most requests ask
nobody; what a process has not spent when the minute ends is lost, so a limit is never passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from uuid import UUID

import structlog

from campana import signals
from campana.db import Database
from campana.errors import TooMany
from campana.queries import queries
from campana.settings import Settings
from campana.users import Person

log = structlog.get_logger()

WINDOW = 60
"""Seconds; sql/functions/075_limits.sql has the same."""
TENANT = ""
"""Who publishes, where all of a tenant are meant."""

# Run beside requests that should not wait: without aiosql's look-ups.
_COUNT: str = queries.limits.count_client_event.sql
_TAKE: str = queries.limits.take_portion.sql

ShutOut = Callable[[UUID, float], None]
"""Told whose streams are refused from now on, and for how many seconds."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may still be done: `left` of `most` in the next `seconds`."""

    name: str
    most: int
    left: int
    seconds: float


def headers(allowances: Iterable[Allowance]) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers-10: the policies, and where they stand."""
    known = list(allowances)
    return {
        "RateLimit-Policy": ", ".join(f'"{a.name}";q={a.most};w={WINDOW}' for a in known),
        "RateLimit": ", ".join(f'"{a.name}";r={a.left};t={ceil(a.seconds)}' for a in known),
    }


@dataclass(slots=True)
class _Portion:
    """Events this process may still publish for somebody, what others may, and until when."""

    left: int = 0
    available: int = 0
    ends: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def spend(self, events: int) -> bool:
        if self.left < events or monotonic() >= self.ends:
            return False
        self.left -= events
        return True

    def allowance(self, name: str, most: int) -> Allowance:
        return Allowance(name, most, self.left + self.available, max(self.ends - monotonic(), 0))


class Limits:
    """What may be done a minute. One per process."""

    def __init__(self, db: Database, settings: Settings, shut_out: ShutOut) -> None:
        self._db = db
        self._shut_out = shut_out
        self._client_events = settings.client_events_per_minute
        self._most = {
            "publisher": settings.publisher_events_per_minute,
            "tenant": settings.tenant_events_per_minute,
        }
        self._portions: dict[tuple[UUID, str], _Portion] = {}

    async def publish(self, tenant_id: UUID, publisher: str, events: int) -> dict[str, str]:
        """Counts events that `publisher` ('key:<id>', 'user:<id>') sends; headers for the answer.

        Raises TooMany, and counts none, when they are more than it or its tenant has left.
        """
        own = await self._spend("publisher", tenant_id, publisher, events)
        try:
            whole = await self._spend("tenant", tenant_id, TENANT, events)
        except BaseException:
            own.left += events
            raise
        return headers(
            (
                own.allowance("publisher", self._most["publisher"]),
                whole.allowance("tenant", self._most["tenant"]),
            )
        )

    async def client_event(self, person: Person, path: str) -> dict[str, str]:
        """Counts one of a person's client events; headers for the answer. Raises TooMany.

        Whoever goes beyond loses the streams, and gets none, until the minute ends.
        """
        most = self._client_events
        async with self._db.anonymous() as connection:
            row = await connection.fetchrow(_COUNT, person.tenant_id, person.id, most)
        assert row is not None, "counting always answers"
        left = max(most - row["used"], 0)
        said = headers([Allowance("client-events", most, left, row["seconds"])])
        if row["used"] <= most:
            return said
        self._shut_out(person.id, row["seconds"])
        if row["used"] == most + 1:
            await self._close_streams(person, path)
        raise _too_many("client events of this person", most, row["seconds"], said)

    async def _close_streams(self, person: Person, path: str) -> None:
        log.warning(
            "limits.client_events",
            userId=str(person.id),
            tenantId=str(person.tenant_id),
            path=path,
            most=self._client_events,
            success=False,
        )
        await signals.check_streams(self._db, person.tenant_id, person.id)

    async def _spend(self, name: str, tenant_id: UUID, publisher: str, events: int) -> _Portion:
        portion = self._portions.setdefault((tenant_id, publisher), _Portion())
        if portion.spend(events):
            return portion
        most = self._most[name]
        async with portion.asking:  # who waited here may find that enough has come
            while not portion.spend(events):
                if not await self._take(portion, tenant_id, publisher, events, most):
                    allowance = portion.allowance(name, most)
                    said = headers([allowance])
                    raise _too_many(f"events of this {name}", most, allowance.seconds, said)
            return portion

    async def _take(
        self, portion: _Portion, tenant_id: UUID, publisher: str, events: int, most: int
    ) -> bool:
        """Asks for what is missing; whether some was given."""
        asked = monotonic()
        if asked >= portion.ends:
            portion.left = 0
        async with self._db.anonymous() as connection:
            row = await connection.fetchrow(
                _TAKE, tenant_id, publisher, events - portion.left, most
            )
        assert row is not None, "asking is always answered"
        if asked + row["seconds"] > portion.ends + WINDOW / 2:  # another minute has begun
            portion.left = 0
        portion.ends = asked + row["seconds"]
        portion.left += row["portion"]
        portion.available = row["available"]
        return bool(row["portion"])


def _too_many(what: str, most: int, seconds: float, said: dict[str, str]) -> TooMany:
    error = TooMany(
        f"More than {most:,} {what} in a minute.",
        hint="Wait as long as Retry-After says, then go on more slowly.",
        retry_after=max(1, ceil(seconds)),
    )
    error.headers = said
    return error
