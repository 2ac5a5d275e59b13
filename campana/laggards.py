"""Streams whose readers take less than they are due; they go on when their buffers are empty."""

import asyncio
from collections.abc import Callable, Iterable

from campana import frames
from campana.stream import Stream


class Laggards:
    """Those of one hub. look_at: asks what is new for streams that have caught up."""

    def __init__(self, look_at: Callable[[Iterable[Stream]], None]) -> None:
        self._look_at = look_at
        self._behind: set[Stream] = set()
        self._some = asyncio.Event()

    def has_room(self, stream: Stream) -> bool:
        """Whether all it was given has left; if not, it is served when that has happened."""
        if stream.waiting == 0:
            return True
        self._add(stream)
        return False

    def miss_live(self, stream: Stream) -> None:
        """It is told to fetch again as soon as there is room."""
        stream.missed_live = True
        self._add(stream)

    def forget(self, stream: Stream) -> None:
        """The connection is gone."""
        self._behind.discard(stream)

    async def catch_up(self) -> None:
        """Wait until a stream lags, then go on with those whose buffers have drained."""
        await self._some.wait()
        for stream in [s for s in self._behind if s.waiting == 0]:
            self._behind.discard(stream)
            if stream.missed_live:
                stream.missed_live = False
                stream.write(frames.RESYNC_LIVE)
            self._look_at([stream])
        if not self._behind:
            self._some.clear()

    def _add(self, stream: Stream) -> None:
        self._behind.add(stream)
        self._some.set()
