"""Statistics of a tenant, from sums that all processes keep (campana/tally.py). Some hundred rows
are read; history never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx

Span = Literal["hour", "day", "month"]
SPANS: tuple[Span, ...] = get_args(Span)
COUNTS = (*("events", "notifications", "connections", "opened", "reopened", "requests", "errors"),)
MOST_TYPES = 12
MOST_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class Point:
    """One minute, hour or day. p50, p95: milliseconds from published to dispatched; None: no event.

    connections: the most at a time. Rates: percent; None: there was nothing.
    """

    at: datetime
    events: int = 0
    notifications: int = 0
    connections: int = 0
    opened: int = 0
    reopened: int = 0
    requests: int = 0
    errors: int = 0
    p50: int | None = None
    p95: int | None = None

    @property
    def reconnection_rate(self) -> float | None:
        return _reconnection_rate(self.reopened, self.connections, self.opened)

    @property
    def error_rate(self) -> float | None:
        return _percent(self.errors, self.requests)


@dataclass(frozen=True, slots=True)
class Statistics:
    """points: without gaps, the oldest first. whole: the same counts of all of them together, with
    p99 and rates. types, unread, alerts: rows of sql/queries/statistics.sql."""

    span: Span
    points: list[Point]
    whole: dict[str, Any]
    types: list[Any]
    unread: list[Any]
    alerts: list[Any]
    connections: int


async def read(tx: Tx, tenant_id: UUID, span: Span, time_zone: str) -> Statistics:
    """The last hour by minutes, the last day by hours, or the last 30 days by days."""
    times = list(_times(span, datetime.now(UTC), time_zone))
    asked = {"tenant": tenant_id, "since": times[0]}
    kind = "minute" if span == "hour" else "hour"
    found = [row async for row in _series(tx, span, time_zone, asked)]
    whole = dict(await queries.statistics.whole(tx, span=kind, **asked))
    totals = await queries.connections.totals(tx, tenant=tenant_id)
    types = queries.statistics.types(tx, most=MOST_TYPES, **asked)
    unread = queries.statistics.unread(tx, tenant=tenant_id, most=MOST_PEOPLE)
    alerts = queries.statistics.alerts(tx, tenant=tenant_id)
    return Statistics(
        span,
        _filled(times, found),
        whole | _rates(whole),
        [row async for row in types],
        [row async for row in unread],
        [row async for row in alerts],
        totals["connections"],
    )


def _series(tx: Tx, span: Span, time_zone: str, asked: dict[str, Any]) -> Any:
    if span == "month":
        return queries.statistics.days(tx, zone=time_zone, **asked)
    return queries.statistics.series(tx, span="minute" if span == "hour" else "hour", **asked)


def _times(span: Span, now: datetime, time_zone: str) -> Iterator[datetime]:
    """When each point begins."""
    if span == "month":
        today = now.astimezone(ZoneInfo(time_zone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        yield from (today - timedelta(days=back) for back in range(29, -1, -1))
        return
    step = timedelta(minutes=1) if span == "hour" else timedelta(hours=1)
    last = now.replace(second=0, microsecond=0)
    last = last if span == "hour" else last.replace(minute=0)
    count = 60 if span == "hour" else 24
    yield from (last - step * back for back in range(count - 1, -1, -1))


def _filled(times: list[datetime], rows: list[Any]) -> list[Point]:
    by_time = {row["at"]: row for row in rows}
    return [_point(at, by_time.get(at.astimezone(UTC))) for at in times]


def _point(at: datetime, row: Any) -> Point:
    if row is None:
        return Point(at)
    counts = {name: int(row[name]) for name in COUNTS}
    return Point(at, **counts, p50=row["p50"], p95=row["p95"])


def _rates(whole: dict[str, Any]) -> dict[str, float | None]:
    return {
        "reconnection_rate": _reconnection_rate(
            whole["reopened"], whole["connections"], whole["opened"]
        ),
        "error_rate": _percent(whole["errors"], whole["requests"]),
    }


def _reconnection_rate(reopened: int, connections: int, opened: int) -> float | None:
    return _percent(reopened, max(connections, opened))


def _percent(part: int, of: int) -> float | None:
    return round(100 * part / of, 2) if of else None
