"""Everything the corridor does by the clock, on one page. Safe in any number of processes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from campana import corrections, privacy, retention, search, sessions, signals
from campana.db import Database
from campana.queries import queries
from campana.repeating import for_ever

EXPIRE_AT_MOST = 5_000
"""Notifications that leave at once; the rest a second later."""
KEEP_ANSWERS = timedelta(days=1)
KEEP_CHANGES = timedelta(days=7)
"""Of a policy: as long as they can be taken back."""


class Clock:
    """Runs each job at its interval; a job that fails is logged and runs again next time."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self._db = db
        self._wake = wake
        self.jobs: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (0.5, self.move_due),
            (1.0, self.expire),
            (1.0, self.keep_words),
            (10.0, self.forget_signals),
            (10.0, self.watch),
            (0.5, self.change_announcements),
            (1.0, self.erase),
            (60.0, self.purge),
            (600.0, self.forget_old),
        ]

    async def run(self) -> None:
        """Until cancelled. A slow job holds up no other."""
        async with asyncio.TaskGroup() as tasks:
            for every, job in self.jobs:
                tasks.create_task(for_ever(job, every=every, trouble="clock.failed"))

    async def move_due(self) -> None:
        """Scheduled events whose time has come join the queue."""
        async with self._db.bus() as connection:
            moved = await connection.fetchval(queries.outbox.move_due.sql)
        if moved:
            self._wake()

    async def expire(self) -> None:
        """Notifications whose time is over leave lists and badges."""
        async with self._db.bus() as connection:
            rows = await connection.fetch(queries.outbox.expire.sql, EXPIRE_AT_MOST)
        for row in rows:
            await signals.hint(self._db, row["tenant_id"], row["user_ids"])

    async def keep_words(self) -> None:
        """What was published becomes findable by index; until then it is looked through."""
        await search.keep_words(self._db)

    async def forget_signals(self) -> None:
        """Live messages after a minute."""
        async with self._db.bus() as connection:
            await connection.execute(queries.signals.forget_old.sql)

    async def change_announcements(self) -> None:
        """Announcements that are corrected or withdrawn where they have arrived."""
        await corrections.proceed_all(self._db)

    async def erase(self) -> None:
        """What is left of people who were erased."""
        await privacy.proceed_all(self._db)

    async def purge(self) -> None:
        """What is older than its tenant keeps, once an hour."""
        await retention.purge_due(self._db)

    async def watch(self) -> None:
        """What goes out of a tenant's bounds is told to its administrators."""
        async with self._db.bus() as connection, connection.transaction():
            raised = await connection.fetchval(queries.statistics.watch.sql)
        if raised:
            self._wake()

    async def forget_old(self) -> None:
        """Answers to idempotency keys after a day, sessions that have expired, and what it takes to
        take changes of a policy back, after a week."""
        async with self._db.bus() as connection:
            await queries.idempotency.forget(connection, before=datetime.now(UTC) - KEEP_ANSWERS)
            await queries.statistics.forget_old(connection)
            await queries.policy.forget_old(connection, age=KEEP_CHANGES)
        await sessions.forget_old(self._db)
