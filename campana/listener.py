"""The listener: one LISTEN connection per process, outside the pools.

connect → LISTEN → catch up → probe itself every few seconds → on failure terminate, back off,
let the hub and the dispatcher poll meanwhile. asyncpg neither reconnects nor listens again.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog

from campana.db import Database
from campana.errors import is_unforeseen
from campana.queries import queries
from campana.signals import HINT, WAKE, Hint, understood

log = structlog.get_logger()

PROBE_EVERY = 5.0
"""Seconds between looks whether it can still hear …"""
PROBE_ANSWER = 2.0
"""… and for the answer; without one the connection is taken for lost."""
BACK_OFF = (0.1, 5.0)
"""Seconds before it connects again, at least and at most, with jitter."""
BLIND_EVERY = 0.25
"""Seconds between looks at everything while nothing can be heard."""


class Listener:
    """Hears hints for the hub and wake-ups for the dispatcher.

    on_hint(hint), on_wake() and on_gap() are called in the event loop and must only take note.
    on_gap: hints may have been lost; look at everything. own: the dispatcher of this process, whose
    hints are known here already.
    """

    def __init__(
        self,
        db: Database,
        *,
        own: str,
        on_hint: Callable[[Hint], None],
        on_wake: Callable[[], None],
        on_gap: Callable[[], None],
        dsn: str | None = None,
    ) -> None:
        self._db = db
        self._dsn = dsn
        self._own = own
        self._on_hint = on_hint
        self._on_wake = on_wake
        self._on_gap = on_gap
        self._probe_channel = f"campana_probe_{uuid4().hex[:12]}"
        self._answered = asyncio.Event()
        self._lost = asyncio.Event()
        self._strange = 0  # hints that say nothing, since the last line about them
        self.connected = False
        self.reconnections = -1  # the first connection is none

    async def run(self) -> None:
        """Until cancelled."""
        trouble = 0
        while True:
            try:
                await self._listen_once()
            except Exception as error:
                said, story = str(error) or type(error).__name__, is_unforeseen(error)
                log.warning("listener.lost", error=said, exc_info=story, success=False)
            trouble = 0 if self.connected else trouble + 1
            self.connected = False
            low, high = BACK_OFF
            await self._blind(random.uniform(low, min(high, low * 2**trouble)))

    async def _listen_once(self) -> None:
        self._lost.clear()
        connection = await self._db.connect_bus(self._dsn, name="campana listener")
        try:
            connection.add_termination_listener(lambda _: self._lost.set())
            await connection.add_listener(HINT, self._hear_hint)
            await connection.add_listener(WAKE, lambda *_: self._on_wake())
            await connection.add_listener(self._probe_channel, self._hear_probe)
            self.connected = True
            self.reconnections += 1
            self._on_gap()
            self._on_wake()
            while not connection.is_closed():
                await self._probe()
                self._tell_of_strange_hints()
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_EVERY):
                        await self._lost.wait()
                        return
        finally:
            connection.terminate()

    async def _probe(self) -> None:
        """Notify ourselves through the pool: tests the whole way, not just a socket."""
        self._answered.clear()
        async with asyncio.timeout(PROBE_ANSWER):
            async with self._db.bus() as sender:
                await queries.signals.notify(sender, channel=self._probe_channel, payload="")
            await self._answered.wait()

    def _tell_of_strange_hints(self) -> None:
        """One line between two probes: any login may notify, and none shall fill the log."""
        if self._strange:
            log.warning("listener.bad_hints", count=self._strange, success=False)
            self._strange = 0

    def _hear_hint(self, *args: Any) -> None:
        told = understood(args[3])
        if told is None:
            self._strange += 1
        elif told.told_by != self._own:
            self._on_hint(told)

    def _hear_probe(self, *_: Any) -> None:
        self._answered.set()

    async def _blind(self, seconds: float) -> None:
        """Poll fast while nothing can be heard."""
        until = monotonic() + seconds
        while monotonic() < until:
            self._on_gap()
            self._on_wake()
            await asyncio.sleep(min(BLIND_EVERY, max(0.0, until - monotonic())))
