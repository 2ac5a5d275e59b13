"""Everything that can break, breaks, in random order and under load: nothing is lost or doubled,
order is kept, the badge is exact. The long form of tests/corridor/test_breakdowns.py.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg
import psutil
import pytest

from tests.browser.site import Served
from tests.corridor.conftest import ear_of, publish_event
from tests.corridor.test_readers import SlowReader
from tests.prove.conftest import Plant
from tests.storm import Storm
from tests.waiting import eventually

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

ROUNDS = int(os.environ.get("CAMPANA_TEST_CHAOS_ROUNDS", "24"))
FROZEN_SECONDS = 2.0
Breakdown = Callable[[Plant, random.Random], Awaitable[None]]


async def cut_the_listeners(plant: Plant, _: random.Random) -> None:
    await plant.ask(_terminate("application_name = 'campana listener'"))


async def cut_every_connection(plant: Plant, _: random.Random) -> None:
    await plant.ask(_terminate("application_name like 'campana %'"))


async def cut_some_connection(plant: Plant, _: random.Random) -> None:
    await plant.ask(_terminate("application_name like 'campana %' and random() < 0.2"))


async def kill_a_process(plant: Plant, dice: random.Random) -> None:
    process = dice.choice(plant.processes)
    await process.end(signal.SIGKILL)
    await process.start()


async def replace_a_process(plant: Plant, dice: random.Random) -> None:
    process = dice.choice(plant.processes)
    assert await process.end(signal.SIGTERM) == 0
    await process.start()


async def freeze_a_process(plant: Plant, dice: random.Random) -> None:
    pid = dice.choice(plant.processes).pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(FROZEN_SECONDS)  # a machine that swaps, a paused container
    os.kill(pid, signal.SIGCONT)


async def restart_postgresql(plant: Plant, dice: random.Random) -> None:
    await asyncio.to_thread(plant.server.restart, dice.choice(("immediate", "fast")))


async def kill_a_backend(plant: Plant, _: random.Random) -> None:
    """As the kernel does when memory is short: PostgreSQL then restarts all of them."""
    pid = await plant.ask(
        "select pid from pg_stat_activity where application_name = 'campana bus' limit 1"
    )
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def _terminate(which: str) -> str:
    return (
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        f" where datname = current_database() and {which}"
    )


BREAKDOWNS: list[Breakdown] = [
    cut_the_listeners,
    cut_every_connection,
    cut_some_connection,
    kill_a_process,
    replace_a_process,
    freeze_a_process,
    restart_postgresql,
    kill_a_backend,
]


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_lost_whatever_breaks(plant: Plant, http, seed: int) -> None:
    dice = random.Random(seed)
    async with Storm(plant.dsn, plant.cast, http, plant.sites, programs=6, pace=0.01) as storm:
        for number in range(ROUNDS):
            await storm.grows(25, 60)
            breakdown = BREAKDOWNS[number] if number < len(BREAKDOWNS) else dice.choice(BREAKDOWNS)
            print(f"{number}: {breakdown.__name__} after {len(storm.published)} events")
            await _insist(breakdown, plant, dice)
        await storm.grows(50, 60)
        owner = await asyncpg.connect(plant.dsn)
        await storm.settle(owner)
        await owner.close()


async def _insist(breakdown: Breakdown, plant: Plant, dice: random.Random) -> None:
    """PostgreSQL may still be starting after the last one."""
    for _ in range(100):
        try:
            return await breakdown(plant, dice)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
    raise AssertionError("PostgreSQL did not come back")


async def test_a_rolling_restart_loses_nothing_and_everybody_comes_back(plant: Plant, http) -> None:
    async with Storm(plant.dsn, plant.cast, http, plant.sites, programs=4, pace=0.01) as storm:
        await storm.grows(100)
        for process in plant.processes:
            before = [len(ear.named("bye")) for _, ear in storm.ears]
            streams = [ear.url.startswith(process.url) for _, ear in storm.ears]
            assert await process.end(signal.SIGTERM) == 0
            for told, (was_there, (_, ear)) in zip(
                before, zip(streams, storm.ears, strict=True), strict=True
            ):
                if was_there:
                    assert len(ear.named("bye")) > told, "it said so"
            await process.start()
            await storm.grows(40)
        owner = await asyncpg.connect(plant.dsn)
        await storm.settle(owner)
        await owner.close()
        assert all(ear.is_open for _, ear in storm.ears)


TAKE_THE_TURN = """
update campana.tenant_turn set holder = $2, held_until = clock_timestamp() + interval '2 seconds'
where tenant_id = $1
returning tenant_id
"""


async def test_a_frozen_dispatcher_holds_its_tenant_up_for_seconds_and_no_other(
    plant: Plant, http
) -> None:
    """It stands still after it has taken the turn of `norte`, before it writes."""
    async with Storm(plant.dsn, plant.cast, http, plant.sites, programs=4) as storm:
        await storm.grows(100)
        ana, eva = storm.ears[0][1], storm.ears[-1][1]
        await plant.ask(TAKE_THE_TURN, plant.cast.norte, uuid4())
        for _ in range(3):
            heard = len(eva.notifications)
            await eventually(lambda heard=heard: len(eva.notifications) > heard + 5, 2)
        heard = len(ana.notifications)
        await eventually(lambda: len(ana.notifications) > heard, 4)
        await storm.grows(100, 10)
        owner = await asyncpg.connect(plant.dsn)
        await storm.settle(owner)
        await owner.close()


async def test_twenty_clients_cut_at_random_bytes_for_a_while(plant: Plant, http) -> None:
    dice = random.Random(3)
    epoch = await plant.ask("select epoch from campana.installation")
    members = [m for m in plant.cast.of("norte") if m.email != "ines@norte.test"]
    ears = [
        ear_of(http, dice.choice(plant.sites), member, plant.cast.norte_key, f"{epoch}-0")
        for member in members
        for _ in range(5)
    ]
    until = time.monotonic() + 20

    async def program(number: int) -> None:
        connection = await asyncpg.connect(plant.dsn)
        while time.monotonic() < until:
            text = "ñ" * dice.choice((1, 100, 1500))
            await publish_event(connection, title=str(number), message=text)
        await connection.close()

    async def come_and_go(ear) -> None:
        while time.monotonic() < until:
            await ear.open(bytes_until_cut=dice.randint(1, 30_000))
            await eventually(lambda: time.monotonic() > until or not ear.is_open, 60)
            await ear.cut()

    await asyncio.gather(program(1), program(2), *[come_and_go(ear) for ear in ears])
    owner = await asyncpg.connect(plant.dsn)
    await eventually(lambda: _is_empty(owner), 60)
    rows = await owner.fetch(
        "select user_id, id, seq from campana.inbox where state = 0 order by user_id, seq"
    )
    await owner.close()
    assert sum(ear.connections for ear in ears) > 10 * len(ears)
    for number, ear in enumerate(ears):
        mine = [r for r in rows if r["user_id"] == members[number // 5].id]
        await ear.open()
        await eventually(lambda ear=ear, mine=mine: len(ear.notifications) >= len(mine), 30)
        await ear.cut()
        assert [(n["id"], n["seq"]) for n in ear.notifications] == [
            (str(row["id"]), row["seq"]) for row in mine
        ]


async def _is_empty(owner) -> bool:
    return bool(await owner.fetchval("select not exists (select from campana.outbox)"))


async def test_frozen_clients_cost_a_window_each_and_delay_nobody(plant: Plant, http) -> None:
    """Clients that never read again, while large events go on; patience is 30 s."""
    process: Served = plant.processes[0]
    member = plant.cast.luis_colleague
    witness = ear_of(http, process.url, member, plant.cast.norte_key)
    await (await witness.open()).hears("hello")
    before = psutil.Process(process.pid).memory_info().rss
    frozen = [
        await SlowReader(process.url, plant.cast.norte_key, who.email).open()
        for who in (plant.cast.ana_admin, plant.cast.rosa_colleague, plant.cast.carlos_cook)
        for _ in range(15)
    ]
    program = await asyncpg.connect(plant.dsn)
    slowest = 0.0
    for number in range(300):
        started = time.monotonic()
        event_id = await publish_event(program, data={"number": number, "blob": "x" * 30_000})
        await witness.hears("notification", 5, id=str(event_id))
        slowest = max(slowest, time.monotonic() - started)
    await program.close()
    grown = psutil.Process(process.pid).memory_info().rss - before
    print(f"slowest {slowest * 1000:.0f} ms, memory grew by {grown / 2**20:.0f} MiB")
    assert slowest < 2.0
    assert grown < (len(frozen) * 0.25 + 100) * 2**20, "300 events of 30 KB for 45 would be 400 MB"
    await witness.cut()
    for reader in frozen:
        reader.socket.close()
