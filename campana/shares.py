"""Shares: the news that several readers have in common, and what each is due of them as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from uuid import UUID

from campana import frames
from campana.frames import EventFrames
from campana.signals import SharedNews
from campana.stream import WINDOW, Stream

AT_MOST = 100
"""Notifications per cursor and tick; the rest follows when these have been taken."""
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


class Share:
    """The news that several cursors have in common. is_whole: all its events are still there."""

    def __init__(self, row: Mapping[str, Any], events: dict[UUID, EventFrames]) -> None:
        """row: as `hub.news` says it."""
        self._row = row
        self._seqs, self._firsts = row["seqs"], row["firsts"]
        self._heads, self._unreads, self._revs = row["heads"], row["unreads"], row["revs"]
        self._events = events
        self.is_whole = all(event_id in events for event_id in row["event_ids"] or ())
        self._shown: dict[tuple[str, str], _Rendered] = {}

    @classmethod
    def of(cls, shared: SharedNews, events: dict[UUID, EventFrames]) -> Self:
        """Of what was handed over, as if it had been read."""
        count = len(shared.event_ids)
        row = {
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
        return cls(row, events)

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
        seqs = self._seqs or ()
        if count and not seqs:
            first = self._firsts[number]
            seqs = range(first, first + count)
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
