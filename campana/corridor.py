"""The corridor of one process: dispatcher, listener, hub and clock, started and stopped as one."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog

from campana import epoch
from campana.clock import Clock
from campana.db import Database
from campana.dispatcher import Dispatcher
from campana.errors import is_unforeseen
from campana.hub import Hub
from campana.listener import Listener
from campana.roster import Roster
from campana.settings import Settings
from campana.signals import Hint
from campana.tally import Tally
from campana.wheel import Wheel

log = structlog.get_logger()

DRAIN_SECONDS = 2.0
"""In which everybody is sent away."""
STOP_SECONDS = 5.0
"""That the loops may take to end; the round that runs, above all."""
EPOCH_AGAIN = 1.0
"""Seconds until a question for the epoch that failed is asked again."""


class Corridor:
    """What one process does for the bells."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.hub = Hub(db, streams_per_user=settings.streams_per_user)
        self.tally = Tally(db)
        self.roster = Roster(db, self.hub, self.tally)
        self.dispatcher = Dispatcher(db, tell=self._dispatched, here=self.hub.connected.users_of)
        self.listener = Listener(
            db,
            own=self.dispatcher.id,
            on_hint=self.hub.hint,
            on_wake=self.dispatcher.wake,
            on_gap=self._gap,
            dsn=settings.listen_url,
        )
        self.clock = Clock(db, self.dispatcher.wake)
        self._loops = (
            self.hub.run,
            Wheel(self.hub, heartbeat=settings.heartbeat_seconds).run,
            self.listener.run,
            self.clock.run,
            self.roster.run,
            self.tally.run,
        )
        self._epoch_check: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything runs inside. The dispatcher ends its round; whoever serves drains streams."""
        self.hub.epoch = await epoch.current(self.db)
        await self.dispatcher.announce()  # before listening: what others told nobody is found then
        dispatching = _started(self.dispatcher.run)
        others = [_started(run) for run in self._loops]
        try:
            yield
        finally:
            self.dispatcher.stop()
            others += [self._epoch_check] if self._epoch_check else []
            for task in others:
                task.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await asyncio.gather(dispatching, *others, return_exceptions=True)
            with suppress(Exception):  # its last beat is soon too old to count
                await self.dispatcher.retire()
                await self.roster.retire()
                await self.tally.write(timedelta())

    async def drain(self) -> None:
        """Send everybody away, in random order over a moment: they should not return at once."""
        self.hub.draining = True
        streams = self.hub.streams()
        random.shuffle(streams)
        pause = DRAIN_SECONDS / max(len(streams), 20)
        for stream in streams:
            self.hub.close(stream, "leaving", retry=random.randint(200, 2000))
            await asyncio.sleep(pause)

    def _dispatched(self, hint: Hint) -> None:
        self.hub.hint(hint)
        self.tally.dispatched(hint)

    def _gap(self) -> None:
        self.hub.gap()
        if self._epoch_check is None or self._epoch_check.done():
            self._epoch_check = _started(self._check_epoch)

    async def _check_epoch(self) -> None:
        """The server that came back may be another: an older copy, a promoted replica."""
        now = await self._known_epoch()
        if now != self.hub.epoch:
            log.warning("epoch.changed", success=True)
            self.hub.epoch = now
            for stream in self.hub.streams():
                self.hub.close(stream, "epoch", retry=random.randint(200, 2000))

    async def _known_epoch(self) -> str:
        """However long it takes: with an old one, readers would be told nothing is missing."""
        while True:
            try:
                return await epoch.current(self.db)
            except Exception as error:
                story = is_unforeseen(error)
                log.warning("epoch.unknown", error=str(error), exc_info=story, success=False)
                await asyncio.sleep(EPOCH_AGAIN)


def _started(work: Callable[[], Coroutine[Any, Any, None]]) -> "asyncio.Task[None]":
    task = asyncio.create_task(work(), name=work.__qualname__)
    task.add_done_callback(_say_if_broken)
    return task


def _say_if_broken(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("corridor.broken", task=task.get_name(), exc_info=error, success=False)
