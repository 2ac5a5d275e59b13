"""The corridor of one process: dispatcher, listener, hub and clock, started and stopped as one."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from campana.clock import Clock
from campana.db import Database
from campana.dispatcher import Dispatcher
from campana.hub import Hub
from campana.installation import epoch
from campana.listener import Listener
from campana.settings import Settings
from campana.wheel import Wheel

log = structlog.get_logger()

DRAIN_SECONDS = 2.0


class Corridor:
    """What one process does for the bells."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.hub = Hub(db, streams_per_user=settings.streams_per_user)
        self.dispatcher = Dispatcher(db)
        self.listener = Listener(
            db,
            on_hint=self.hub.hint,
            on_wake=self.dispatcher.wake,
            on_gap=self._gap,
            dsn=settings.listen_url,
        )
        self._wheel = Wheel(self.hub, heartbeat=settings.heartbeat_seconds)
        self._clock = Clock(db, self.dispatcher.wake)
        self._epoch_check: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything runs inside; on the way out streams are drained first."""
        self.hub.epoch = await epoch(self.db)
        loops = [
            asyncio.create_task(loop.run(), name=type(loop).__name__)
            for loop in (self.hub, self._wheel, self.listener, self.dispatcher, self._clock)
        ]
        for task in loops:
            task.add_done_callback(_say_if_broken)
        try:
            yield
        finally:
            await self.dispatcher.stop()
            for task in loops[:3] + loops[4:]:
                task.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await asyncio.gather(*loops, return_exceptions=True)
            with suppress(Exception):
                await self.dispatcher.retire()

    async def drain(self) -> None:
        """Send everybody away, in random order over a moment: they should not return at once."""
        self.hub.draining = True
        streams = self.hub.streams()
        random.shuffle(streams)
        pause = DRAIN_SECONDS / max(len(streams), 20)
        for stream in streams:
            self.hub.close(stream, "leaving", retry=random.randint(200, 2000))
            await asyncio.sleep(pause)

    def _gap(self) -> None:
        self.hub.gap()
        if self._epoch_check is None or self._epoch_check.done():
            self._epoch_check = asyncio.create_task(self._check_epoch())

    async def _check_epoch(self) -> None:
        """The server that came back may be another: an older copy, a promoted replica."""
        with suppress(Exception):  # it is away again; the next gap asks again
            now = await epoch(self.db)
            if now != self.hub.epoch:
                log.warning("epoch.changed", success=True)
                self.hub.epoch = now
                for stream in self.hub.streams():
                    self.hub.close(stream, "epoch", retry=random.randint(200, 2000))


def _say_if_broken(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("corridor.broken", task=task.get_name(), exc_info=error, success=False)
