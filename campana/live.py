"""Live messages: what happens now, told to whoever is connected and may hear it. Never replayed.

Hints name signals; `fetch` reads those that are to be told. Who hears which: hearers.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from campana import frames
from campana.db import Database, Tx
from campana.frames import EventFrames
from campana.queries import queries
from campana.stream import Stream

AT_MOST = 500
"""Signals told in one tick."""
REMEMBERED = 20_000
"""Told signals whose numbers are kept, so that a sweep does not tell them again."""
MOST_MISSED = 1_000
"""Signals looked for after a gap; when there were more, everybody fetches again."""
BEHIND = 200
"""Numbers below the last one that a gap looks at too: what was committed late."""
NAMED_FOR = 1.0
"""Seconds for which the hearers that a dispatcher named are not asked for: rights change."""


class Address(NamedTuple):
    """Who a signal is for: a rule's audience, or one user."""

    tenant_id: UUID
    rule: str | None
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class Signal:
    """A live message: an event's frames, or the finished bytes of a change of state.

    hearers: users whom its rule names, where the dispatcher has said so; named_at: when, a
    monotonic time.
    """

    address: Address
    transaction: int
    event_id: UUID | None
    event: EventFrames | None
    message: bytes
    hearers: Sequence[UUID] | None = None
    named_at: float = 0.0

    def current(self) -> "Signal":
        """Without hearers that were named a while ago, as when the database was away meanwhile."""
        is_old = self.hearers is not None and monotonic() - self.named_at > NAMED_FOR
        return replace(self, hearers=None) if is_old else self

    def frame(self, stream: Stream) -> bytes:
        return self.event.live(stream.reader.locale) if self.event else self.message


class Live:
    """Which signals are to be told."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: dict[int, Signal | None] = {}  # None: yet to be read
        self._taken: dict[int, int] = {}
        self._told: dict[int, int] = {}  # with its transaction: after a crash, numbers come again
        self._last: int | None = None
        self._gap = True
        self._lost = False

    def note(self, ids: Iterable[int], known: Iterable[Mapping[str, Any]] = ()) -> None:
        """Signals to be told. known: those of them that need not be read, as rows."""
        for number in ids:
            self._noted.setdefault(number, None)
        self._noted |= {row["id"]: signal_of(row) for row in known}

    def pass_over(self, ids: Iterable[int]) -> None:
        """Signals for tenants of whom nobody is here."""
        self._last = max(self._last or 0, *ids, 0)

    def note_gap(self) -> None:
        """Hints may have been lost: look for signals by yourself."""
        self._gap = True

    async def fetch(self, *, anybody: bool) -> tuple[list[Signal], bool]:
        """Signals not told yet, and whether some were lost for good; the same until `told()`.

        anybody: whether a stream is open; without one they are only noted as told.
        """
        if self._gap:
            async with self._db.bus() as connection:
                await self._find_unnoted(connection)
        wanted = sorted(self._noted)[:AT_MOST]
        self._taken = dict.fromkeys(wanted, 0)
        if not anybody:
            return [], self._lost
        known = await self._known(wanted)
        self._taken |= {number: signal.transaction for number, signal in known.items()}
        fresh = [
            known[number].current()
            for number in wanted
            if number in known and self._told.get(number) != known[number].transaction
        ]
        return fresh, self._lost

    async def _known(self, wanted: Iterable[int]) -> dict[int, Signal]:
        """Those of them that there are, read where nobody has said what they are."""
        known = {number: signal for number in wanted if (signal := self._noted[number])}
        if unread := [number for number in wanted if number not in known]:
            async with self._db.bus() as connection:
                rows = await connection.fetch(queries.hub.signals.sql, unread)
            known |= {row["id"]: signal_of(dict(row)) for row in rows}
        return known

    def told(self) -> None:
        """What was fetched is on its way to whoever may hear it."""
        for number in self._taken:
            self._noted.pop(number, None)
        self._told |= self._taken
        self._last = max(self._last or 0, *self._taken, 0)
        self._taken, self._lost = {}, False
        while len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]

    @property
    def pending(self) -> bool:
        return bool(self._noted)

    async def _find_unnoted(self, connection: Tx) -> None:
        """After a gap. The table is unlogged: a crash empties it and its numbers start again."""
        newest = await connection.fetchval(queries.hub.last_signal.sql)
        if self._last is None:
            self._last = newest  # the first look: nobody was listening before
        else:
            await self._look_back(connection, newest)
        self._gap = False

    async def _look_back(self, connection: Tx, newest: int) -> None:
        # Ids become visible out of order.
        last = self._last or 0
        rows = await connection.fetch(
            queries.hub.recent_signals.sql, max(0, min(last, newest) - BEHIND), MOST_MISSED
        )
        known = self._told
        if newest < last or any(known.get(r["id"], 0) not in (0, int(r["xid"])) for r in rows):
            # What is known are numbers of rows that are gone, except for what came since.
            self._told = {
                r["id"]: known[r["id"]] for r in rows if known.get(r["id"]) == int(r["xid"])
            }
            self._lost = True
        self.note(row["id"] for row in rows if row["id"] not in self._told)
        self._lost |= len(rows) == MOST_MISSED
        self._last = newest


def signal_of(row: Mapping[str, Any]) -> Signal:
    """A row of campana.signal: an event, or a change of state with its finished data."""
    event = message = None
    if row["user_id"] is None:
        event = frames.from_payload(row["payload"])
    else:
        message = frames.message(row["name"], row["payload"])
    address = Address(row["tenant_id"], row["rule"], row["user_id"])
    told = int(row["xid"]), row["event_id"], event, message or b""
    return Signal(address, *told, row.get("hearers"), monotonic())
