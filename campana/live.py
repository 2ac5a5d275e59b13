"""Live messages: what happens now, told to whoever is connected and may hear it. Never replayed.

Hints name signals; `fetch` reads them, `address` asks the database who of the connected may hear
which: the one evaluator of audiences, with current rights.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from asyncpg import Record

from campana import frames
from campana.db import Database, Tx
from campana.frames import EventFrames
from campana.queries import queries
from campana.stream import Stream

AT_MOST = 500
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Signal:
    """A live message: an event's frames, or the finished bytes of a change of state."""

    tenant_id: UUID
    user_id: UUID | None
    rule: str | None
    event_id: UUID | None
    event: EventFrames | None
    message: bytes

    def frame(self, stream: Stream) -> bytes:
        return self.event.live(stream.reader.locale) if self.event else self.message


class Live:
    """Which signals are to be told, and to whom."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: set[int] = set()
        self._told: dict[int, None] = {}
        self._last = 0
        self._gap = True

    def note(self, ids: Iterable[int]) -> None:
        self._noted.update(ids)

    def note_gap(self) -> None:
        """Hints may have been lost: look for signals by yourself."""
        self._gap = True

    async def fetch(self, *, anybody: bool) -> tuple[list[Signal], bool]:
        """Signals not told yet, and whether some were lost for good.

        anybody: whether a stream is open; without one they are only noted as told.
        """
        if not self._noted and not self._gap:
            return [], False
        lost = False
        async with self._db.bus() as connection:
            if self._gap:
                lost = await self._find_unnoted(connection)
            wanted = sorted(self._noted - self._told.keys())[:AT_MOST]
            rows = (
                await connection.fetch(queries.hub.signals.sql, wanted)
                if wanted and anybody
                else []
            )
        self._remember(wanted)
        return [signal_of(row) for row in rows], lost

    @property
    def pending(self) -> bool:
        return bool(self._noted)

    async def _find_unnoted(self, connection: Tx) -> bool:
        """After a gap. The table is unlogged: a crash empties it and its numbers start again."""
        newest = await connection.fetchval(queries.hub.last_signal.sql)
        emptied: bool = newest < self._last
        first_look = self._last == 0
        if emptied:
            self._told.clear()
            self._last = 0
        if not first_look:
            # Ids become visible out of order: look a little behind the last one too.
            rows = await connection.fetch(
                queries.hub.recent_signals.sql, max(0, self._last - 200), 2 * AT_MOST
            )
            self._noted.update(row["id"] for row in rows)
        self._last = max(self._last, newest)
        self._gap = False
        return emptied

    def _remember(self, ids: Sequence[int]) -> None:
        self._noted.difference_update(ids)
        self._noted -= self._told.keys()
        for number in ids:
            self._told[number] = None
            self._last = max(self._last, number)
        while len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]

    async def address(
        self, signals: Sequence[Signal], streams: Iterable[Stream]
    ) -> dict[Stream, list[bytes]]:
        """Which of the streams get which of the signals, in the signals' order."""
        if not signals:
            return {}
        tenants = {signal.tenant_id for signal in signals}
        by_user: defaultdict[tuple[UUID, UUID], list[Stream]] = defaultdict(list)
        for stream in streams:
            if stream.reader.tenant_id in tenants:
                by_user[(stream.reader.tenant_id, stream.reader.user_id)].append(stream)
        users = list(by_user)
        heard: list[tuple[int, Iterable[tuple[UUID, UUID]]]] = [
            (number, [(signal.tenant_id, signal.user_id)])
            for number, signal in enumerate(signals)
            if signal.user_id is not None
        ]
        ruled = [n for n, signal in enumerate(signals) if signal.user_id is None]
        if ruled and users:
            rows = await self._audience([signals[n] for n in ruled], users)
            heard += [
                (ruled[row["signal"] - 1], [users[u - 1] for u in row["users"]]) for row in rows
            ]
        out: dict[Stream, list[bytes]] = {}
        for number, listeners in sorted(heard, key=lambda pair: pair[0]):
            for user in listeners:
                for stream in by_user.get(user, ()):
                    out.setdefault(stream, []).append(signals[number].frame(stream))
        return out

    async def _audience(
        self, signals: Sequence[Signal], users: Sequence[tuple[UUID, UUID]]
    ) -> list[Record]:
        async with self._db.bus() as connection:
            rows: list[Record] = await connection.fetch(
                queries.hub.audience.sql,
                [signal.tenant_id for signal in signals],
                [signal.rule for signal in signals],
                [tenant for tenant, _ in users],
                [user for _, user in users],
            )
            return rows


def signal_of(row: Record) -> Signal:
    """A row of campana.signal: an event, or a change of state with its finished data."""
    event = message = None
    if row["user_id"] is None:
        event = frames.from_payload(row["payload"])
    else:
        message = b"event: %b\ndata: %b\n\n" % (row["name"].encode(), orjson.dumps(row["payload"]))
    return Signal(
        row["tenant_id"], row["user_id"], row["rule"], row["event_id"], event, message or b""
    )
