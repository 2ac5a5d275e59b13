"""Load that does not give up: programs publish and people listen through whatever breaks.

Programs repeat what was not acknowledged, with its dedupe key; readers come back with
Last-Event-ID. `Storm.settle` then asks for the truth: nothing lost, nothing twice, in order.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import aiohttp
import asyncpg

from campana.errors import DATABASE_TROUBLE
from tests.cast import NO_ALERTS, Cast, Member
from tests.sse import Ear
from tests.waiting import eventually

AUDIENCES = ("all", "all", "role:STAFF", "user:ana@norte.test", "branch:Centro", "!role:COOK")
AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError)
BREATH = 0.02
"""Seconds between two attempts of somebody whose way is blocked."""


@dataclass(frozen=True)
class Published:
    """Between `began` and `committed` (monotonic seconds) it was published."""

    id: UUID
    began: float
    committed: float


def reversed_pairs(
    rows: list[UUID], published: dict[UUID, Published]
) -> list[tuple[UUID | None, UUID]]:
    """One pass from the end: nothing later in `rows` was committed before an earlier one began."""
    found: list[tuple[UUID | None, UUID]] = []
    earliest, whose = float("inf"), None
    for event_id in reversed(rows):
        event = published[event_id]
        if earliest < event.began:
            found.append((whose, event_id))
        if event.committed < earliest:
            earliest, whose = event.committed, event_id
    return found


class Storm:
    """`async with Storm(…) as storm`: programs publish, `ears` listen at any of `sites`.

    pace: seconds between two events of one program.
    """

    def __init__(
        self,
        dsn: str,
        cast: Cast,
        http: aiohttp.ClientSession,
        sites: list[str],
        *,
        programs: int = 4,
        pace: float = 0.005,
    ) -> None:
        self._dsn, self._cast, self._http, self.sites = dsn, cast, http, sites
        self._pace, self._programs = pace, programs
        self._dice = random.Random(11)
        self._publishing, self._listening = True, True
        self._tasks: list[asyncio.Task[None]] = []
        self.published: dict[UUID, Published] = {}
        self.ears: list[tuple[Member, Ear]] = []

    async def __aenter__(self) -> Self:
        connection = await asyncpg.connect(self._dsn)
        epoch = await connection.fetchval("select epoch from campana.installation")
        await connection.execute(NO_ALERTS)
        await connection.close()
        cast = self._cast
        people = (cast.ana_admin, cast.ana_admin, cast.luis_colleague, cast.carlos_cook)
        for member in (*people, cast.eva_stranger):
            key = cast.norte_key if member.tenant == "norte" else cast.sur_key
            ear = Ear(
                self._http,
                "",
                headers={"X-API-Key": key},
                params={"user": member.email},
                last_id=f"{epoch}-0",
            )
            self.ears.append((member, ear))
            self._tasks.append(asyncio.create_task(self._listen(ear)))
        for _, ear in self.ears:
            await ear.hears("hello", 20)
        self._tasks += [asyncio.create_task(self._program(n)) for n in range(self._programs)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._publishing = self._listening = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _, ear in self.ears:
            await ear.cut()

    async def grows(self, by: int, seconds: float = 30) -> None:
        """Wait until so many more events are published and everybody has heard of some more."""
        target = len(self.published) + by
        heard = [len(ear.messages) for _, ear in self.ears]
        await eventually(lambda: self._goes_on() and len(self.published) >= target, seconds)
        await eventually(
            lambda: all(
                len(ear.messages) > before
                for (_, ear), before in zip(self.ears, heard, strict=True)
            ),
            seconds,
        )

    def _goes_on(self) -> bool:
        """Programs and readers survive everything; what they do not survive is our mistake."""
        for task in self._tasks:
            if task.done():
                task.result()
        return True

    async def settle(self, owner: Any) -> None:
        """Publish no more, let everybody hear the rest, and compare with the database."""
        self._publishing = False
        programs = self._tasks[len(self.ears) :]
        await asyncio.gather(*programs)
        await eventually(lambda: _nothing_waits(owner), 30)
        for member, ear in self.ears:
            rows = await _inbox(owner, member)
            await eventually(lambda ear=ear, rows=rows: len(ear.notifications) >= len(rows), 30)
            told = [(n["id"], n["seq"]) for n in ear.notifications]
            assert told == [(str(row["id"]), row["seq"]) for row in rows], member.name
            assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), "no gap"
            assert reversed_pairs([row["id"] for row in rows], self.published) == [], member.name
            twice = [event_id for event_id, n in Counter(_live(ear)).items() if n > 1]
            assert twice == [], "no live message twice"
            await eventually(lambda ear=ear, rows=rows: _badge(ear) == len(rows))
        events = await owner.fetchval("select count(*) from campana.event")
        assert events == len(self.published), "all that was acknowledged, and each once"
        assert await owner.fetchval("select count(*) from campana.poison") == 0
        assert await owner.fetchval("select campana.unread_drift(100000)") == 0

    async def _program(self, number: int) -> None:
        dice, turn = random.Random(number), 0
        connection: Any = None
        while self._publishing:
            tenant = dice.choice(("norte", "norte", "norte", "sur"))
            audience = dice.choice(AUDIENCES) if tenant == "norte" else "all"
            began, event_id = monotonic(), None
            while event_id is None:
                try:
                    connection = connection or await asyncpg.connect(self._dsn, timeout=5)
                    event_id = await connection.fetchval(
                        "select publish_event(tenant => $1, type => 'sale:created',"
                        " audience => $2, title => $3, dedupe_key => $3)",
                        tenant,
                        audience,
                        f"{number}.{turn}",
                        timeout=10,
                    )
                except DATABASE_TROUBLE:
                    if connection is not None:
                        connection.terminate()
                    connection = None
                    await asyncio.sleep(BREATH)
            self.published[event_id] = Published(event_id, began, monotonic())
            turn += 1
            await asyncio.sleep(self._pace)
        if connection is not None:
            connection.terminate()

    async def _listen(self, ear: Ear) -> None:
        while self._listening:
            ear.url = f"{self._dice.choice(self.sites)}/api/stream"
            with suppress(*AWAY):
                await ear.open()
                if ear.is_open:
                    await ear.ended(600)
            await asyncio.sleep(BREATH)


def _live(ear: Ear) -> list[str]:
    return [message.data["id"] for message in ear.named("sale:created")]


def _badge(ear: Ear) -> int:
    """What the badge shows: the last word about it."""
    last = [m for m in ear.messages if m.name in ("hello", "unread")][-1].data
    return int(last["unread"] if "unread" in last else last["count"])


async def _nothing_waits(owner: Any) -> bool:
    return bool(await owner.fetchval("select not exists (select from campana.outbox)"))


async def _inbox(owner: Any, member: Member) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await owner.fetch(
        "select id, seq from campana.inbox where user_id = $1 and state = 0 order by seq", member.id
    )
    return rows
