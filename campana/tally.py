"""The tally: what this process does for each tenant, counted in memory, written every few seconds.

Doors in: `dispatched`, `opened`, `answered` take note, in the event loop, at once. Out: rows of
campana.statistic that all processes add to (sql/functions/083_statistics.sql). A process that is
killed takes up to ten seconds of its counts along.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from campana.db import Database
from campana.queries import queries
from campana.repeating import for_ever
from campana.signals import Hint

EVERY = 5.0
"""Seconds between writings."""
SETTLED = timedelta(seconds=5)
"""Recipients of an event are counted when it is so old: large audiences are written in chunks."""
AT_ONCE = 200
"""Events whose recipients are counted at once, in two milliseconds."""
MOST_WAITING = 200_000
"""Events whose recipients are still to be counted; in a storm the oldest go uncounted."""
BOUNDS = (2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000)
"""Milliseconds, as campana.latency_bounds() has them."""


class Dispatched(NamedTuple):
    """An event that has left the outbox."""

    at: datetime
    tenant_id: UUID
    type: str
    event_id: UUID


@dataclass(slots=True)
class Cell:
    """One tenant in one minute."""

    counts: Counter[str] = field(default_factory=Counter)
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


class Tally:
    """Counts of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cells: defaultdict[tuple[UUID, datetime], Cell] = defaultdict(Cell)
        self._types: defaultdict[tuple[UUID, datetime, str], Counter[str]] = defaultdict(Counter)
        self._waiting: deque[Dispatched] = deque(maxlen=MOST_WAITING)

    def dispatched(self, hint: Hint) -> None:
        """What the dispatcher of this process has just committed."""
        if not hint.signals:
            return
        now = datetime.now(UTC)
        cell = self._cell(hint.tenant_id, now)
        cell.counts["events"] += len(hint.signals)
        for name, count in Counter(signal["name"] for signal in hint.signals).items():
            self._types[hint.tenant_id, _hour(now), name]["events"] += count
        for signal in hint.signals:
            cell.latency[bisect_left(BOUNDS, _milliseconds(signal["payload"], now))] += 1
            if event_id := signal["event_id"]:
                self._waiting.append(Dispatched(now, hint.tenant_id, signal["name"], event_id))

    def opened(self, tenant_id: UUID, *, again: bool) -> None:
        """A stream. again: its reader had one that was cut."""
        counts = self._cell(tenant_id, datetime.now(UTC)).counts
        counts["opened"] += 1
        counts["reopened"] += again

    def sent_away(self, tenant_id: UUID) -> None:
        """A program's stream that we ended, which looks cut when its reader comes back, perhaps to
        another process: over some minutes the two make nothing."""
        self._cell(tenant_id, datetime.now(UTC)).counts["reopened"] -= 1

    def answered(self, tenant_id: UUID, *, failed: bool) -> None:
        """A request. failed: by our fault."""
        counts = self._cell(tenant_id, datetime.now(UTC)).counts
        counts["requests"] += 1
        counts["errors"] += failed

    async def run(self) -> None:
        """Until cancelled. What could not be written is written next time."""
        await for_ever(self.write, every=EVERY, trouble="tally.trouble")

    async def write(self, settled: timedelta = SETTLED) -> None:
        """Everything counted so far; recipients of events that are as old as `settled`."""
        before = datetime.now(UTC) - settled
        due = self._due(before)
        if not (due or self._cells):
            return
        async with self._db.bus() as connection:
            while due:
                await self._count_recipients(connection, due)
                due = self._due(before)
            cells, types = self._cells, self._types
            self._cells, self._types = defaultdict(Cell), defaultdict(Counter)
            try:
                told = [*_rows(cells)], [*_rows_of_types(types)]
                await connection.execute(queries.statistics.count_up.sql, *told)
            except BaseException:
                self._take_back(cells, types)
                raise

    def _due(self, before: datetime) -> list[Dispatched]:
        """The next of them, so few that nobody waits for their being counted."""
        due: list[Dispatched] = []
        while self._waiting and self._waiting[0].at <= before and len(due) < AT_ONCE:
            due.append(self._waiting.popleft())
        return due

    async def _count_recipients(self, connection: Any, due: list[Dispatched]) -> None:
        try:
            rows = await connection.fetch(
                queries.statistics.count_recipients.sql,
                [one.tenant_id for one in due],
                [one.event_id for one in due],
            )
        except BaseException:
            self._waiting.extendleft(reversed(due))
            raise
        given = {row["event_id"]: row["recipients"] for row in rows}
        for one in due:
            if count := given.get(one.event_id):
                self._cell(one.tenant_id, one.at).counts["notifications"] += count
                key = one.tenant_id, _hour(one.at), one.type
                self._types[key]["notifications"] += count

    def _take_back(self, cells: Any, types: Any) -> None:
        """They join what was counted meanwhile."""
        for key, cell in cells.items():
            mine = self._cells[key]
            mine.counts.update(cell.counts)
            mine.latency = _sum((mine.latency, cell.latency))
        for name, counts in types.items():
            self._types[name] += counts

    def _cell(self, tenant_id: UUID, moment: datetime) -> Cell:
        return self._cells[tenant_id, moment.replace(second=0, microsecond=0)]


def _rows(cells: dict[tuple[UUID, datetime], Cell]) -> Iterable[dict[str, Any]]:
    """A row for each minute, and one for each hour."""
    hours: defaultdict[tuple[UUID, datetime], list[Cell]] = defaultdict(list)
    for (tenant_id, at), cell in cells.items():
        hours[tenant_id, _hour(at)].append(cell)
        yield _row(tenant_id, "minute", at, [cell])
    for (tenant_id, at), some in hours.items():
        yield _row(tenant_id, "hour", at, some)


def _row(tenant_id: UUID, span: str, at: datetime, cells: list[Cell]) -> dict[str, Any]:
    counts = Counter[str]()
    for cell in cells:
        counts.update(cell.counts)  # adding would drop what is below zero
    names = ("events", "notifications", "opened", "reopened", "requests", "errors")
    latency = _sum(cell.latency for cell in cells)
    said = {"tenant_id": str(tenant_id), "span": span, "at": at.isoformat()}
    return said | {name: counts[name] for name in names} | {"latency": latency}


def _rows_of_types(
    types: dict[tuple[UUID, datetime, str], Counter[str]],
) -> Iterable[dict[str, Any]]:
    for (tenant_id, at, name), counts in types.items():
        said = {"tenant_id": str(tenant_id), "at": at.isoformat(), "type": name}
        yield said | {key: counts[key] for key in ("events", "notifications")}


def _sum(latencies: Iterable[list[int]]) -> list[int]:
    return [sum(counts) for counts in zip(*latencies, strict=True)]


def _milliseconds(payload: Any, now: datetime) -> float:
    try:
        published = datetime.fromisoformat(payload["publishedAt"])
    except (KeyError, TypeError, ValueError):
        return 0
    return max(0.0, (now - published).total_seconds() * 1000)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
