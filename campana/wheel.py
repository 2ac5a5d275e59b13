"""The hub's clock: heartbeats, lifetimes, dead and stuck connections, sweeps. One timer for all."""

import asyncio
from time import monotonic

import structlog

from campana import frames
from campana.hub import Hub
from campana.repeating import for_ever
from campana.stream import Stream

log = structlog.get_logger()

SWEEP_EVERY = 4.0
"""Seconds; a stream that may no longer be open closes within this even if the hint was lost."""
PATIENCE = 30.0
"""Seconds a reader may take nothing of what waits for it."""
CATCH_UP = 0.02
"""Seconds between looks whether a stream that lags has room again; none while none lags."""


class Wheel:
    """Turns once per heartbeat interval, a slot a second."""

    def __init__(self, hub: Hub, *, heartbeat: int) -> None:
        self._hub = hub
        self._slots = heartbeat
        self._slot = 0

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for work, every in (
                (self._turn, 1.0),
                (self._hub.sweep, SWEEP_EVERY),
                (self._hub.laggards.catch_up, CATCH_UP),
            ):
                tasks.create_task(for_ever(work, every=every, trouble="wheel.trouble"))

    async def _turn(self) -> None:
        now = monotonic()
        self._slot = (self._slot + 1) % self._slots
        for number, stream in enumerate(self._hub.streams()):
            self._look_after(stream, now, beat=id(stream) // 64 % self._slots == self._slot)
            if number % 1000 == 999:
                await asyncio.sleep(0)

    def _look_after(self, stream: Stream, now: float, *, beat: bool) -> None:
        if stream.is_gone:
            return  # while others had their turn
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
