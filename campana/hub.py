"""The hub: who is connected here, and what they have not been sent yet.

Hints say whose streams to look at; one query per tick answers for all of them, whether new,
lagging or live. Everything due for a stream goes out in one write. Nothing here reads
preferences or takes part in a request.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress

import structlog

from campana import admission, frames
from campana.db import Database
from campana.errors import TooMany, is_unforeseen
from campana.hearers import heard_by
from campana.laggards import Laggards
from campana.live import Live, Signal
from campana.news import Handed, News, parts_of
from campana.outgoing import Outgoing
from campana.rights import Rights
from campana.shares import Due
from campana.signals import Hint
from campana.stream import Stream
from campana.streams import Streams

log = structlog.get_logger()

AT_ONCE = 1_000
"""Streams served in one tick, at most 64 KiB each: what a mass reconnection may hold in memory."""
SLICE = 64
"""Streams written to before other work gets a turn."""


class Hub:
    """The streams of this process, and the loop that keeps them up to date."""

    def __init__(self, db: Database, *, streams_per_user: int = 20) -> None:
        self.db = db
        self.connected = Streams(most_per_user=streams_per_user)
        self.laggards = Laggards(self.look_at)
        self.news = News(db)
        self.live = Live(db)
        self.shut_out = admission.ShutOut()
        self.rights = Rights(db, self.shut_out, look_at=self.look_at, send_away=self._send_away)
        self.epoch = ""
        self.draining = False
        self._opening: list[Stream] = []
        self._dirty: dict[Stream, None] = {}  # who has waited longest comes first
        self._work = asyncio.Event()

    # -- streams come and go

    @property
    def count(self) -> int:
        return self.connected.count

    def register(self, stream: Stream) -> None:
        """Take a stream in, before anything of it is sent.

        Raises TooMany for one stream too many of the same user, or who did too much.
        """
        self.shut_out.refuse(stream.reader.user_id)
        self.connected.add(stream)

    def open(self, stream: Stream) -> None:
        """Its headers are out: the next tick authorises it and serves it from its cursor."""
        stream.is_begun = True
        self._opening.append(stream)
        self._work.set()

    def forget(self, stream: Stream) -> None:
        """The connection is gone."""
        self.connected.remove(stream)
        self.laggards.forget(stream)
        self.rights.forget(stream)
        stream.is_open = False
        stream.is_gone = True
        self._dirty.pop(stream, None)

    def streams(self) -> list[Stream]:
        """All of them, as a copy."""
        return self.connected.every()

    def close(self, stream: Stream, reason: str, *, retry: int | None = None) -> None:
        """Say goodbye and end the stream. retry: milliseconds the client should wait."""
        line = b"" if retry is None else b"retry: %d\n" % retry
        with suppress(RuntimeError):  # the transport may be gone
            stream.write(line + frames.message("bye", {"reason": reason}))
        self.forget(stream)
        stream.end()

    # -- hints

    def hint(self, told: Hint) -> None:
        """Whose streams to look at, which signals to read, whose right to be open to doubt.

        Every login of the database can NOTIFY: the doubted hear nothing until it has been asked.
        """
        if told.checks:
            concerned = self.connected.of(told.tenant_id, told.user_ids)
            self.rights.doubt(concerned, told.credential)
            self._work.set()
            return
        if told.news is None or not self.news.note(told.tenant_id, told.news):
            self._dirty |= dict.fromkeys(self.connected.of(told.tenant_id, told.user_ids))
        if told.tenant_id in self.connected.by_user:
            self.live.note(told.signal_ids, told.signals)
            self._work.set()
        else:
            self.live.pass_over(told.signal_ids)

    def look_at(self, streams: Iterable[Stream]) -> None:
        """The next tick asks what is new for these."""
        self._dirty |= dict.fromkeys(streams)
        self._work.set()

    def gap(self) -> None:
        """Hints may have been lost: look at everything."""
        self.live.note_gap()
        self.look_at(self.streams())

    # -- the loop

    async def run(self) -> None:
        """Until cancelled. Errors are logged, backed off from, and survived: nothing is lost,
        since every stream still stands at its cursor."""
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                if self.rights.doubted:
                    await self.rights.settle()
                await self._tick()
            except Exception as error:
                story = is_unforeseen(error)
                log.warning("hub.trouble", error=str(error), exc_info=story, success=False)
                await asyncio.sleep(0.25)
                self.gap()

    async def _tick(self) -> None:
        opening, self._opening = [s for s in self._opening if not s.is_gone], []
        dirty: dict[Stream, None] = {}
        handed: list[Handed] = []
        try:
            fresh = await self._admit(opening) if opening else {}
            signals, lost = await self._signals()
            handed = self.news.take()
            events = await self.news.events_of(handed)
            # Last of all: who was hinted at meanwhile asks, since what was handed over is older.
            dirty, self._dirty = self._dirty, {}
            parts = parts_of(handed, events, self.connected.by_user)
            asking = dirty | dict.fromkeys(fresh)
            for stream in asking:
                parts.pop(stream, None)
            ready = [s for s in asking if s.is_open and self.laggards.has_room(s)]
            heard, asked = await self._ask(signals, ready[:AT_ONCE])
        except BaseException:
            self._put_back(opening, dirty, handed)
            raise
        self.live.told()
        self._dirty = dict.fromkeys(ready[AT_ONCE:]) | self._dirty
        outgoing = Outgoing(fresh, asked, parts, heard)
        if lost:
            outgoing.lost_live(self.streams())
        await self._write(outgoing)
        if self._dirty or self.live.pending:
            self._work.set()

    def _put_back(
        self, opening: list[Stream], dirty: dict[Stream, None], handed: list[Handed]
    ) -> None:
        """Nothing was written: who was due is due again, who was not greeted is admitted again."""
        for stream in opening:
            stream.is_open = False
        self._opening += opening
        self._dirty = dirty | self._dirty
        for tenant_id, news in handed:
            self.look_at(self.connected.of(tenant_id, news.user_ids))

    async def _ask(
        self, signals: list[Signal], ready: list[Stream]
    ) -> tuple[dict[Stream, list[bytes]], dict[Stream, Due]]:
        """Who hears which live messages, and what is new for these streams; side by side."""
        heard = heard_by(self.db, signals, self.connected.by_user)
        if not ready:  # all was handed over: nobody else has a turn before the first is written to
            return await heard, {}
        return await asyncio.gather(heard, self.news.read(ready, self.epoch))

    async def _signals(self) -> tuple[list[Signal], bool]:
        """Live messages to be told, and whether some were lost; their events are known from now."""
        signals, lost = await self.live.fetch(anybody=self.count > 0)
        for signal in signals:
            if signal.event and signal.event_id:
                self.news.know(signal.event_id, signal.event)
        return signals, lost

    async def _write(self, outgoing: Outgoing) -> None:
        """Everything for a stream in one write: hello, notifications, live messages, badge.

        What was handed over becomes bytes as it is written, so that nobody waits for the others'.
        """
        epoch, doubted = self.epoch.encode(), self.rights.doubted
        for number, stream in enumerate(outgoing.streams(), 1):
            if stream in doubted:  # perhaps only since others were written to
                self._put_off(stream, outgoing)
            else:
                self._serve(stream, outgoing, epoch)
            if number % SLICE == 0:
                await asyncio.sleep(0)

    def _put_off(self, stream: Stream, outgoing: Outgoing) -> None:
        """Not a word before its right is certain; then all that it is due."""
        if outgoing.withhold(stream):
            stream.is_open = False
            self._opening.append(stream)
        else:
            self.laggards.miss_live(stream)
            self._dirty[stream] = None

    def _serve(self, stream: Stream, outgoing: Outgoing, epoch: bytes) -> None:
        pieces = [hello] if (hello := outgoing.hellos.get(stream)) else []
        if stream not in outgoing.handed or self._may_take_over(stream):
            news, has_more = outgoing.news_of(stream, epoch)
            if news:
                pieces += news.pieces(stream)
                stream.cursor, stream.unread, stream.rev = news.cursor, news.unread, news.rev
            if has_more:
                self._dirty[stream] = None
        live, is_all = outgoing.live_of(stream)
        pieces += live
        if not is_all:
            self.laggards.miss_live(stream)
        if pieces and stream.is_open:
            stream.write(*pieces)

    def _may_take_over(self, stream: Stream) -> bool:
        """Not who was hinted at meanwhile: what was handed over is older; nor who has no room."""
        return stream not in self._dirty and self.laggards.has_room(stream)

    async def _admit(self, opening: Sequence[Stream]) -> dict[Stream, bytes]:
        """Find the cursor of each that may be open, say hello."""
        heads, moment = await self.rights.admit(opening)
        hellos = {}
        for stream, head in heads.items():
            hellos[stream] = admission.greeting(stream, head, self.epoch, moment)
            stream.is_open = True
        return hellos

    async def admit_one(self, stream: Stream) -> bytes | None:
        """For a poller: its hello, or None when it may not read."""
        return (await self._admit([stream])).get(stream)

    async def sweep(self) -> None:
        """Close what may no longer be open; look at whoever is not where the database is.

        Finds what nobody hinted at, because a process died between its commit and its hint.
        """
        self.live.note_gap()
        self._work.set()
        await self.rights.sweep([s for s in self.streams() if s.is_open])

    def _send_away(self, stream: Stream) -> None:
        try:
            self.shut_out.refuse(stream.reader.user_id)
        except TooMany as error:
            self.close(stream, "too_many_requests", retry=(error.retry_after or 1) * 1000)
        else:
            self.close(stream, "signed_out")
