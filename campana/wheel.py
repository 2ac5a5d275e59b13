"""The hub's clock: heartbeats, lifetimes, dead and stuck connections, sweeps. One timer for all."""

import asyncio
from time import monotonic

import structlog

from campana import frames
from campana.errors import is_unforeseen
from campana.hub import Hub
from campana.stream import Stream

log = structlog.get_logger()

SWEEP_EVERY = 4.0
"""Seconds; a stream that may no longer be open closes within this even if the hint was lost."""
PATIENCE = 30.0
"""Seconds a reader may take nothing of what waits for it."""
CATCH_UP = 0.02


class Wheel:
    """Turns once per heartbeat interval, a slot a second."""

    def __init__(self, hub: Hub, *, heartbeat: int) -> None:
        self._hub = hub
        self._slots = heartbeat
        self._slot = 0

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._turn())
            tasks.create_task(self._sweep())
            tasks.create_task(self._catch_up())

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = monotonic()
            self._slot = (self._slot + 1) % self._slots
            for number, stream in enumerate(self._hub.streams()):
                self._look_after(stream, now, beat=id(stream) // 64 % self._slots == self._slot)
                if number % 1000 == 999:
                    await asyncio.sleep(0)

    def _look_after(self, stream: Stream, now: float, *, beat: bool) -> None:
        if stream.transport.is_closing():
            self._hub.forget(stream)
            stream.end()
        elif stream.is_stuck(now, PATIENCE):
            log.info("stream.stuck", userId=str(stream.reader.user_id), success=False)
            stream.transport.abort()
            self._hub.forget(stream)
            stream.end()
        elif now > stream.deadline:
            self._hub.close(stream, "lifetime", retry=500 + id(stream) // 64 % 2500)
        elif beat and stream.is_open and not stream.waiting:
            stream.write(frames.HEARTBEAT)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self._hub.sweep()
            except Exception as error:
                story = is_unforeseen(error)
                log.warning("hub.sweep_failed", error=str(error), exc_info=story, success=False)

    async def _catch_up(self) -> None:
        while True:
            await self._hub.catch_up()
            await asyncio.sleep(CATCH_UP)
