"""What streams have not seen yet of their readers' inboxes, as bytes ready to write.

One query for all cursors; events are fetched once and kept as frames.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from campana.db import Database
from campana.frames import EventFrames
from campana.queries import queries
from campana.shares import AT_MOST, Due, Share
from campana.signals import SharedNews
from campana.stream import Connected, Stream

KEPT = 500
"""Events kept as frames: memory stays bounded whatever history is replayed."""
MOST_HANDED = 500
"""Pieces of shared news that may wait for the next tick; where there would be more, streams ask."""

Handed = tuple[UUID, SharedNews]
"""With its tenant."""
Part = tuple[Share, int]
"""A reader's part of what was handed over: the news, and the reader's place in them."""


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
            share = Share(dict(row), events)
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


def parts_of(
    handed: Iterable[Handed], events: dict[UUID, EventFrames], connected: Connected
) -> dict[Stream, list[Part]]:
    """What was handed over, by those it is for, in order."""
    parts: dict[Stream, list[Part]] = {}
    for tenant_id, shared in handed:
        users = connected.get(tenant_id, {})
        share = Share.of(shared, events)
        for number, user_id in enumerate(shared.user_ids):
            for stream in users.get(user_id, ()):
                if stream.is_open:
                    parts.setdefault(stream, []).append((share, number))
    return parts


def taken_over(parts: Iterable[Part], stream: Stream, epoch: bytes) -> tuple[Due | None, bool]:
    """What it is due of that, where it stands right before it; and whether it has to ask: it does
    not stand there, an event is gone already, or there is more than fits."""
    due: Due | None = None
    for share, number in parts:
        place = due.cursor if due else stream.cursor
        if place == share.before(number) and share.is_whole:
            due = share.due(stream, number, epoch, due)
        elif place < share.head(number):
            return due, True
    return due, due is not None and due.more
