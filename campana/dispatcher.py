"""The dispatcher: wakes, dispatches rounds until nothing is left, lingers, sleeps.

Any number of dispatchers may run: tenants are shared out by row locks. It says whether it is
awake, because publishers notify only when nobody is (docs/decisions/0002).
"""

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from uuid import UUID

import structlog

from campana import signals
from campana.db import Database, Tx
from campana.errors import is_passing, is_unforeseen
from campana.outbox import PoisonError, Tenants, dispatch
from campana.queries import queries
from campana.signals import Hint

log = structlog.get_logger()

PATIENCE = 0.05
"""Seconds that one look waits for an event, in the database, while awake."""
POLL_AWAKE = 0.001
"""Between looks while another dispatcher has the turn of what waits."""
POLL_ASLEEP = 0.25
"""Covers lost wake-ups, crashes and an emptied dispatcher table."""
FEW, MANY = 40, 200
"""Events in a round between which it pays to let some gather: from 3,000 a second on …"""
CHEAP = 0.0005
"""… if each took less than so many seconds …"""
GATHER = 0.012
"""… for so many."""
LINGER = 0.5
"""Seconds of nothing before it sleeps."""
BEAT_AWAKE = 0.3
"""Publishers notify unless somebody awake has shown itself within a second."""
BEAT_ASLEEP = 2.0
"""A sleeper shows itself too: health takes whoever is silent for `health.SILENCE` for gone."""
MAX_ATTEMPTS = 3
"""Failures after which an event is set aside."""


class Dispatcher:
    """Moves events from the outbox to the inboxes until stopped."""

    def __init__(
        self, db: Database, *, tell: Callable[[Hint], None], here: Callable[[UUID], int]
    ) -> None:
        """tell: called at once with what was committed; the other processes hear of it by hint.
        here: how many users of a tenant are connected to this process."""
        self._db = db
        self._tell = tell
        self._here = here
        self._untold: list[Hint] = []
        self._telling: asyncio.Task[None] | None = None
        self._tenants = Tenants()
        self._id = self._tenants.holder
        self._wake = asyncio.Event()
        self._stopping = False
        self._said_awake: bool | None = None
        self._last_beat = 0.0
        self.events = 0
        self.failures = 0

    @property
    def id(self) -> str:
        """What its hints are signed with, and in whose name it takes turns."""
        return self._id.hex

    def wake(self) -> None:
        """Something was published: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Until `stop()`. Errors are logged, backed off from, and survived."""
        trouble = 0
        while not self._stopping:
            try:
                # one connection throughout: borrowing it anew costs a tenth of a round
                async with self._db.bus() as tx:
                    await self._work_until_idle(tx)
                    await self._sleep(tx)
                trouble = 0
            except Exception as error:
                trouble += 1
                self.failures += 1
                self._said_awake = None  # a server that crashed has forgotten it
                story = is_unforeseen(error)
                log.warning("dispatcher.trouble", error=str(error), exc_info=story, success=False)
                await asyncio.sleep(min(5.0, 0.1 * 2**trouble))

    async def announce(self) -> None:
        """Be known to the other dispatchers, which tell nobody when they are alone."""
        async with self._db.bus() as tx:
            await self._beat(tx, awake=False)

    def stop(self) -> None:
        """End after the round that runs."""
        self._stopping = True
        self._wake.set()

    async def retire(self) -> None:
        """Leave the table of dispatchers, so that publishers wake the others."""
        if self._telling:
            await self._telling
        async with self._db.bus() as connection:
            await connection.execute(queries.outbox.forget_dispatchers.sql, self._id)

    async def _work_until_idle(self, tx: Tx) -> None:
        await self._beat(tx, awake=True)
        idle_since = monotonic()
        while not self._stopping and monotonic() - idle_since < LINGER:
            self._wake.clear()
            started = monotonic()
            events = await self._round(tx, PATIENCE)
            took = monotonic() - started
            if events:
                idle_since = monotonic()
            await self._beat(tx, awake=True)
            await self._pause(_until_next(events, took))

    async def _sleep(self, tx: Tx) -> None:
        """Until something is found."""
        while not self._stopping:
            # First said, then looked: who saw us awake a moment ago did not notify.
            self._wake.clear()
            await self._beat(tx, awake=False)
            if await self._round(tx):
                return
            await self._pause(POLL_ASLEEP)

    async def _round(self, tx: Tx, patience: float = 0) -> int:
        try:
            events = await dispatch(
                tx, self._tenants, self._committed, here=self._here, patience=patience
            )
        except Exception as error:
            if is_passing(error):
                raise
            # some event of the round cannot be dispatched: find it
            log.warning("dispatcher.round_failed", error=str(error), success=False)
            events = await self._find_poison(tx)
        finally:
            await self._tell_others()
        self.events += events
        if events:
            await asyncio.sleep(0)  # whom it was told writes to streams before the next look
        return events

    def _committed(self, hint: Hint) -> None:
        self._tell(hint)
        if not hint.is_private:
            self._untold.append(hint)

    async def _tell_others(self) -> None:
        """The other processes, while the next round runs."""
        if self._untold:
            untold, self._untold = self._untold, []
            before, self._telling = self._telling, asyncio.create_task(self._hint(untold))
            if before:
                await before

    async def _hint(self, hints: Iterable[Hint]) -> None:
        """Whom it does not reach finds by its sweep what there is: no reason to dispatch later."""
        try:
            for hint in hints:
                await signals.hint(
                    self._db, hint.tenant_id, hint.user_ids, hint.signal_ids, told_by=self.id
                )
        except Exception as error:
            self.failures += 1
            story = is_unforeseen(error)
            log.warning("dispatcher.untold", error=str(error), exc_info=story, success=False)

    async def _find_poison(self, tx: Tx) -> int:
        try:
            return await dispatch(tx, self._tenants, self._committed, one_by_one=True)
        except PoisonError as error:
            self.failures += 1
            async with tx.transaction():
                attempts = await tx.fetchval(queries.outbox.count_attempt.sql, error.outbox_id)
                if attempts is not None and attempts >= MAX_ATTEMPTS:
                    await tx.execute(queries.outbox.set_aside.sql, error.outbox_id, str(error))
                    log.error(
                        "dispatcher.event_set_aside",
                        tenantId=str(error.tenant_id),
                        error=str(error),
                        success=False,
                    )
            return 1

    async def _beat(self, tx: Tx, *, awake: bool) -> None:
        """Say which it is: at once when that changes, every now and then while it stays so."""
        every = BEAT_AWAKE if awake else BEAT_ASLEEP
        if awake == self._said_awake and monotonic() - self._last_beat < every:
            return
        await tx.execute(queries.outbox.beat.sql, self._id, awake)
        self._said_awake, self._last_beat = awake, monotonic()

    async def _pause(self, seconds: float) -> None:
        if not seconds:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass


def _until_next(events: int, took: float) -> float:
    """Seconds before the next look, after a round of so many events that took so many seconds.

    A full round means a backlog, and a few mean that somebody waits for just those: go on. Between
    them events gather, unless each is much work: many cheap ones in one round cost the least.
    """
    if events == 0:
        return 0.0 if took >= PATIENCE else POLL_AWAKE
    return GATHER if FEW < events < MANY and took < events * CHEAP else 0.0
