"""What streams have not seen yet of their readers' inboxes, as bytes ready to write.

One query for all cursors; events are fetched once and kept as frames.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, TypeAlias
from uuid import UUID

from campana import frames
from campana.db import Database
from campana.frames import EventFrames
from campana.queries import queries
from campana.signals import SharedNews
from campana.stream import WINDOW, Connected, Stream

AT_MOST = 100
"""Notifications per cursor and tick; the rest follows when these have been taken."""
KEPT = 500
"""Events kept as frames: memory stays bounded whatever history is replayed."""
MOST_HANDED = 500
"""Pieces of shared news that may wait for the next tick; where there would be more, streams ask."""

Handed = tuple[UUID, SharedNews]
"""With its tenant."""
Offer: TypeAlias = "tuple[_Share, int]"
"""News that were handed over, and the place of a reader in them."""

_DIGITS = 19
"""Of the largest sequence number."""


@dataclass(slots=True)
class Due:
    """Frames to write to a stream, and where it stands once they are written. more: there is more
    to read, and the badge is told with the last of it."""

    frames: list[bytes]
    cursor: int
    unread: int
    rev: int
    more: bool

    def pieces(self, stream: Stream) -> list[bytes]:
        """With the badge, where it is another than the stream was told."""
        if self.more or (self.unread, self.rev) == (stream.unread, stream.rev):
            return self.frames
        badge = frames.unread(self.unread, self.rev, stream.form, stream.reader.locale)
        return [*self.frames, badge]


class News:
    """Reads inboxes from cursors, or takes what was handed over, and turns it into frames."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[UUID, EventFrames] = {}
        self._handed: list[Handed] = []

    def know(self, event_id: UUID, event: EventFrames) -> None:
        """Keep an event's frames for readers to come; the oldest make room."""
        if event_id not in self._kept and len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[event_id] = event

    async def read(self, streams: Iterable[Stream], epoch: str) -> dict[Stream, Due]:
        """What each stream is due. Cursors do not move: whoever writes moves them."""
        streams = list(streams)
        if not streams:
            return {}
        readers = [stream.reader for stream in streams]
        async with self._db.bus() as connection:
            rows = await connection.fetch(
                queries.hub.news.sql,
                [reader.tenant_id for reader in readers],
                [reader.user_id for reader in readers],
                [stream.cursor for stream in streams],
                AT_MOST,
            )
        events = await self._events(
            {
                (readers[row["ords"][0] - 1].tenant_id, event_id)
                for row in rows
                for event_id in row["event_ids"] or ()
            }
        )
        due: dict[Stream, Due] = {}
        prefix = epoch.encode()
        for row in rows:
            share = _Share(dict(row), events)
            for number, place in enumerate(row["ords"]):
                stream = streams[place - 1]
                due[stream] = share.due(stream, number, prefix)
        return due

    def note(self, tenant_id: UUID, news: Sequence[SharedNews]) -> bool:
        """Take what was handed over; False, and nothing is taken, when that would be too much."""
        if len(self._handed) + len(news) > MOST_HANDED:
            return False
        self._handed += [(tenant_id, shared) for shared in news]
        return True

    def take(self) -> list[Handed]:
        """What was handed over since the last time."""
        handed, self._handed = self._handed, []
        return handed

    async def events_of(self, handed: Iterable[Handed]) -> dict[UUID, EventFrames]:
        """What was handed over is about; mostly they are known already."""
        return await self._events(
            {(tenant_id, event) for tenant_id, shared in handed for event in shared.event_ids}
        )

    async def _events(self, wanted: set[tuple[UUID, UUID]]) -> dict[UUID, EventFrames]:
        found = {event: self._kept[event] for _, event in wanted if event in self._kept}
        missing = [pair for pair in wanted if pair[1] not in found]
        if missing:
            async with self._db.bus() as connection:
                rows = await connection.fetch(queries.hub.events.sql, *zip(*missing, strict=True))
            for row in rows:
                found[row["id"]] = EventFrames(dict(row))
                self.know(row["id"], found[row["id"]])
        return found


def offers(
    handed: Iterable[Handed], events: dict[UUID, EventFrames], connected: Connected
) -> dict[Stream, list[Offer]]:
    """What was handed over, by those it is for, in order."""
    offered: dict[Stream, list[Offer]] = {}
    for tenant_id, shared in handed:
        users = connected.get(tenant_id, {})
        share = _Share(_as_read(shared), events)
        for number, user_id in enumerate(shared.user_ids):
            for stream in users.get(user_id, ()):
                if stream.is_open:
                    offered.setdefault(stream, []).append((share, number))
    return offered


def taken_over(offered: Iterable[Offer], stream: Stream, epoch: bytes) -> tuple[Due | None, bool]:
    """What it is due of that, where it stands right before it; and whether it has to ask: it does
    not stand there, an event is gone already, or there is more than fits."""
    due: Due | None = None
    for share, number in offered:
        place = due.cursor if due else stream.cursor
        if place == share.before(number) and share.is_whole:
            due = share.due(stream, number, epoch, due)
        elif place < share.head(number):
            return due, True
    return due, due is not None and due.more


def _as_read(shared: SharedNews) -> dict[str, Any]:
    """As a row of `hub.news` says it."""
    count = len(shared.event_ids)
    return {
        "ids": shared.event_ids,
        "event_ids": shared.event_ids,
        "reads": [False] * count,
        "masks": shared.masks,
        "seqs": None,
        "firsts": [seq - count + 1 for seq in shared.seqs],
        "heads": shared.seqs,
        "unreads": shared.unreads,
        "revs": shared.revs,
    }


class _Share:
    """The news that several cursors have in common. is_whole: all its events are still there."""

    def __init__(self, row: Mapping[str, Any], events: dict[UUID, EventFrames]) -> None:
        self._row = row
        self._seqs, self._firsts = row["seqs"], row["firsts"]
        self._heads, self._unreads, self._revs = row["heads"], row["unreads"], row["revs"]
        self._events = events
        self.is_whole = all(event_id in events for event_id in row["event_ids"] or ())
        self._shown: dict[tuple[str, str], _Rendered] = {}

    def before(self, number: int) -> int:
        """Where the reader in place `number` of the row stands who has none of it yet."""
        return int(self._firsts[number]) - 1

    def head(self, number: int) -> int:
        """Where the inbox of the reader in place `number` of the row stands after it."""
        return int(self._heads[number])

    def due(self, stream: Stream, number: int, epoch: bytes, earlier: Due | None = None) -> Due:
        """For the reader in place `number` of the row, within the window; after what is due
        already."""
        pieces = earlier.frames if earlier else []
        size = sum(map(len, pieces))
        cursor = earlier.cursor if earlier else stream.cursor
        rendered = self._rendered(stream, epoch)
        count = len(rendered.tails)
        more = count == AT_MOST
        seqs = self._seqs or (range(first := self._firsts[number], first + count) if count else ())
        if self._seqs is None and size + rendered.most <= WINDOW:
            if seqs:
                pieces.append(rendered.together % tuple(n for seq in seqs for n in (seq, seq)))
                cursor = seqs[-1]
        else:
            for seq, tail in zip(seqs, rendered.tails, strict=True):
                if size > WINDOW:
                    more = True
                    break
                pieces.append(_frame(epoch, b"%d" % seq, tail))
                size += len(pieces[-1])
                cursor = seq
        if more:
            return Due(pieces, cursor, stream.unread, stream.rev, more)
        # Rows that are no longer visible leave holes: the head is where this reader stands.
        cursor = max(cursor, self._heads[number])
        return Due(pieces, cursor, self._unreads[number], self._revs[number], more)

    def _rendered(self, stream: Stream, epoch: bytes) -> "_Rendered":
        key = (stream.form, stream.reader.locale)
        found = self._shown.get(key)
        if found is None:
            row = self._row
            found = self._shown[key] = _Rendered.of(
                [
                    _tail(self._events[event_id], stream, public_id, event_id, read, mask)
                    for public_id, event_id, read, mask in zip(
                        *(row[name] or () for name in ("ids", "event_ids", "reads", "masks")),
                        strict=True,
                    )
                ],
                epoch,
            )
        return found


class _Rendered(NamedTuple):
    """tails: each notification from its sequence number on. together: all of them, with two places
    for each number. most: bytes that they need at most."""

    tails: list[bytes]
    together: bytes
    most: int

    @classmethod
    def of(cls, tails: list[bytes], epoch: bytes) -> Self:
        together = b"".join(_frame(epoch, b"%d", tail.replace(b"%", b"%%")) for tail in tails)
        return cls(tails, together, len(together) + len(tails) * 2 * _DIGITS)


def _frame(epoch: bytes, seq: bytes, tail: bytes) -> bytes:
    return b'event: notification\nid: %b-%b\ndata: {"seq":%b%b' % (epoch, seq, seq, tail)


def _tail(
    event: EventFrames, stream: Stream, public_id: UUID, event_id: UUID, read: bool, mask: int
) -> bytes:
    tail = event.notification(stream.form, stream.reader.locale, mask)[read]
    return tail if public_id == event_id else frames.with_other_id(tail, event_id, public_id)
