"""What breaks under load loses nothing: short versions of what tests/prove does at length."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from campana import installation, signals
from campana.corridor import Corridor
from campana.db import Database
from campana.embedded import running
from campana.settings import Settings
from tests import cast as casting
from tests.browser.site import Served, Site
from tests.corridor.conftest import everybody_hears, publish_event
from tests.places import new_home
from tests.storm import Storm
from tests.waiting import eventually

LISTENER = "application_name = 'campana listener'"
EVERYTHING = "application_name like 'campana %'"


async def terminate(owner, which: str) -> int:
    """Cut database connections of this database as an administrator can; how many."""
    return await owner.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        f" where datname = current_database() and pid <> pg_backend_pid() and {which}"
    )


async def connected(owner) -> bool:
    """Whether everybody has come back: two pools and the listener."""
    return await owner.fetchval(
        "select count(distinct application_name) = 3 from pg_stat_activity"
        f" where datname = current_database() and {EVERYTHING}"
    )


async def test_the_listener_cut_under_load_loses_nothing(
    dsn, owner, cast, http, site, corridor
) -> None:
    async with Storm(dsn, cast, http, [site]) as storm:
        for _ in range(3):
            await storm.grows(40)
            before = corridor.listener.reconnections
            assert await terminate(owner, LISTENER) == 1
            await eventually(lambda before=before: corridor.listener.reconnections > before)
        await storm.grows(40)
        await storm.settle(owner)
        for member, ear in storm.ears:
            assert ear.connections == 1, "no reader noticed"
            live = {m.data["id"] for m in ear.named("sale:created")}
            inbox = {n["id"] for n in ear.notifications}
            assert live == inbox or ear.heard("resync", scope="live"), member.name


async def test_every_database_connection_cut_under_load_loses_nothing(
    dsn, owner, cast, http, site
) -> None:
    async with Storm(dsn, cast, http, [site]) as storm:
        for _ in range(4):
            await storm.grows(30)
            await eventually(lambda: connected(owner))
            assert await terminate(owner, EVERYTHING) > 2
        await storm.grows(30)
        await storm.settle(owner)


@pytest.mark.usefixtures("without_sweeps")
async def test_what_nobody_hinted_at_is_found_by_the_sweep(
    publish, listen, cast, corridor, monkeypatch
) -> None:
    """A dispatcher died between its commit and its hint."""
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)

    async def dies(*_, **__) -> None:
        pass

    with monkeypatch.context() as patch:
        patch.setattr(corridor.dispatcher, "_tell", lambda _: None)
        patch.setattr(signals, "hint", dies)
        event_id = str(await publish(audience="role:ADMIN", title="no hint"))
        refresh = str(await publish(type="calendar:refresh", audience="role:ADMIN"))
        await eventually(lambda: corridor.dispatcher.events == 2)
    assert not ana.named("notification")
    late = await listen(cast.ana_admin)
    await corridor.hub.sweep()
    await ana.hears("notification", id=event_id)
    await ana.hears("sale:created", id=event_id)
    await ana.hears("calendar:refresh", id=refresh)
    await everybody_hears(publish, [ana, luis, late])
    assert not luis.named("sale:created")
    assert not late.named("sale:created"), "what was before it came is not told again"
    assert len(ana.named("sale:created")) == len(ana.named("calendar:refresh")) == 1
    assert not ana.named("resync")


async def test_hints_that_reach_nobody_cost_no_round_and_keep_nobody_from_leaving(
    dsn, roles, settings, owner, monkeypatch
) -> None:
    """The others find by their sweeps what there is."""
    await owner.execute(
        "insert into campana.dispatcher (id, awake, beat) values ($1, false, now())", uuid4()
    )

    async def fails(*_, **__) -> None:
        raise OSError

    monkeypatch.setattr(signals, "hint", fails)
    async with await Database.open(dsn, roles, pool_size=4) as db:
        corridor = Corridor(db, settings)
        async with corridor.running():
            for number in range(1, 4):
                await publish_event(owner)
                await eventually(lambda number=number: corridor.dispatcher.events == number)
    assert corridor.dispatcher.failures == 3, "the last one too: whoever leaves waits for it"
    left = (
        "select (select count(*) from campana.dispatcher), (select count(*) from campana.process)"
    )
    assert tuple(await owner.fetchrow(left)) == (1, 0), "only the other one is there"


async def test_two_processes_share_one_database_and_one_may_be_killed(
    dsn, owner, cast, http
) -> None:
    first, second = Served(dsn), Served(dsn)
    await first.start()
    await second.start()
    try:
        async with Storm(dsn, cast, http, [first.url, second.url]) as storm:
            await storm.grows(60)
            assert await owner.fetchval("select count(*) from campana.dispatcher") == 2
            await first.end(signal.SIGKILL)
            await storm.grows(60)
            storm.sites.remove(first.url)
            await storm.settle(owner)
            assert any(ear.connections > 1 for _, ear in storm.ears), "some were at the first"
    finally:
        await first.end(signal.SIGKILL)
        assert await second.end(signal.SIGTERM) == 0


async def test_postgresql_restarted_under_load_loses_nothing(http) -> None:
    """Immediately, as after a power cut: on a server of its own that keeps its promises (fsync)."""
    chosen = os.environ.get("CAMPANA_TEST_SERVER_BIN")
    async with AsyncExitStack() as life:
        home = life.enter_context(new_home())
        server = await life.enter_async_context(running(home, chosen and Path(chosen)))
        settings = Settings(database_url=server.dsn, port=0, pool_size=5)
        db = await life.enter_async_context(await installation.ready(server.dsn, settings))
        cast = await casting.enter(db)
        corridor = Corridor(db, settings)
        await life.enter_async_context(corridor.running())
        site = Site(db, settings, corridor)
        await site.start()
        life.push_async_callback(site.stop)

        storm = await life.enter_async_context(Storm(server.dsn, cast, http, [site.url]))
        await storm.grows(60)
        await asyncio.to_thread(server.restart, "immediate")
        await storm.grows(60)
        owner = await asyncpg.connect(server.dsn)
        life.push_async_callback(owner.close)
        await storm.settle(owner)
        for _, ear in storm.ears:
            assert ear.connections == 1, "no reader noticed"
            missed = {n["id"] for n in ear.notifications} - {
                m.data["id"] for m in ear.named("sale:created")
            }
            assert not missed or ear.named("resync"), "who missed live messages was told"
