"""Who published after another had committed comes after it, for everybody who gets both."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from time import monotonic
from uuid import UUID

import asyncpg
import pytest

from campana import outbox
from campana.corridor import Corridor
from campana.db import Database
from campana.outbox import Tell, Tenants, dispatch
from campana.queries import queries
from tests.corridor.conftest import inbox_of, publish_event, until_dispatched
from tests.storm import AUDIENCES, Published, reversed_pairs
from tests.waiting import eventually

PUBLISHERS = 8


async def work(dsn: str, times: int, dice: random.Random) -> list[Published]:
    """A program that publishes in transactions of one to three events; some are rolled back."""
    done: list[Published] = []
    connection = await asyncpg.connect(dsn)
    for number in range(times):
        transaction = connection.transaction()
        began = monotonic()
        await transaction.start()
        ids = []
        for _ in range(dice.choice((1, 1, 1, 3))):
            tenant = dice.choice(("norte", "norte", "norte", "sur"))
            audience = dice.choice(AUDIENCES) if tenant == "norte" else "all"
            ids.append(await publish_event(connection, tenant=tenant, audience=audience))
        await connection.execute("select count(*) from pg_class")  # its own business
        if number % 7 == 3:
            await transaction.rollback()
            continue
        await transaction.commit()
        done += [Published(event_id, began, monotonic()) for event_id in ids]
    await connection.close()
    return done


async def one_round(db: Database, tenants: Tenants, tell: Tell = lambda hint: None) -> int:
    async with db.bus() as tx:
        return await dispatch(tx, tenants, tell)


def test_the_check_sees_a_reversed_pair() -> None:
    first, second = UUID(int=1), UUID(int=2)
    published = {first: Published(first, 1, 2), second: Published(second, 3, 4)}
    assert reversed_pairs([first, second], published) == []
    assert reversed_pairs([second, first], published) == [(first, second)]


@pytest.mark.parametrize(
    ("chunk", "times"), [(5_000, 80), (2, 15)], ids=["together", "in chunks of two"]
)
async def test_order_holds_under_eight_publishers_and_two_dispatchers(
    dsn, roles, settings, cast, owner, monkeypatch, chunk, times
) -> None:
    monkeypatch.setattr(outbox, "HUGE", chunk)
    monkeypatch.setattr(outbox, "CHUNK", chunk)
    async with AsyncExitStack() as running:
        for _ in range(2):
            db = await running.enter_async_context(await Database.open(dsn, roles, pool_size=4))
            await running.enter_async_context(Corridor(db, settings).running())
        done = await asyncio.gather(
            *[work(dsn, times, random.Random(number)) for number in range(PUBLISHERS)]
        )
        await until_dispatched(owner)

    published = {event.id: event for part in done for event in part}
    given = 0
    for member in cast.people().values():
        rows = await inbox_of(owner, member)
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), "no gap, no double"
        assert reversed_pairs([row["id"] for row in rows], published) == [], member.name
        given += len(rows)
    assert given > len(published), "events reached their audiences"
    assert await owner.fetchval("select count(*) from campana.event") == len(published)
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def test_two_dispatchers_share_the_work(dsn, roles, settings, owner) -> None:
    async with AsyncExitStack() as running:
        both = []
        for _ in range(2):
            db = await running.enter_async_context(await Database.open(dsn, roles, pool_size=4))
            both.append(Corridor(db, settings))
            await running.enter_async_context(both[-1].running())
        connection = await running.enter_async_context(
            asyncpg.create_pool(dsn, min_size=1, max_size=1)
        )
        while not all(corridor.dispatcher.events for corridor in both):
            await publish_event(connection)
            await publish_event(connection, tenant="sur")


async def test_a_tenant_with_a_long_queue_does_not_hold_up_another(db, owner, cast) -> None:
    for _ in range(2_000):
        await publish_event(owner, tenant="sur")
    single = await publish_event(owner, tenant="norte", title="alone")

    await one_round(db, Tenants())

    assert [row["id"] for row in await inbox_of(owner, cast.ana_admin)] == [single]
    waiting = await owner.fetchval("select count(*) from campana.outbox")
    assert 0 < waiting < 2_000, "the other tenant is served too, and not yet done"


async def test_who_has_waited_longest_is_served_first(db, owner, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "MAX_TENANTS", 4)
    monkeypatch.setattr(outbox, "MAX_EVENTS", 2)
    for slug in ("norte", "sur", "salon", "crm", "pupuseria", "tienda"):
        for _ in range(10):
            await publish_event(owner, tenant=slug)
    tenants, told = Tenants(), []
    for _ in range(2):
        await one_round(db, tenants, told.append)
    assert len({hint.tenant_id for hint in told}) == 6, (
        "after two rounds for four nobody is still waiting for a first turn"
    )


async def test_a_huge_audience_goes_in_chunks_and_before_the_tenants_next_event(
    db, owner, cast, monkeypatch
) -> None:
    monkeypatch.setattr(outbox, "HUGE", 2)
    monkeypatch.setattr(outbox, "CHUNK", 2)
    huge = await publish_event(owner, title="for all four")
    following = await publish_event(owner, audience="user:ana@norte.test", title="for Ana")
    other = await publish_event(owner, tenant="sur", audience="user:eva@sur.test")

    tenants = Tenants()
    await one_round(db, tenants)

    holders = [m for m in cast.of("norte") if await inbox_of(owner, m)]
    assert len(holders) == 2
    assert [row["id"] for row in await inbox_of(owner, cast.eva_stranger)] == [other]

    while await one_round(db, tenants):
        pass
    rows = await inbox_of(owner, cast.ana_admin)
    assert [(row["id"], row["seq"]) for row in rows] == [(huge, 1), (following, 2)]
    for member in (cast.luis_colleague, cast.rosa_colleague, cast.carlos_cook):
        assert [row["id"] for row in await inbox_of(owner, member)] == [huge]
    assert (
        await owner.fetchval("select count(*) from campana.signal where event_id = $1", huge) == 1
    )


async def test_a_chunk_that_nobody_wants_is_not_the_last(db, owner, cast, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "HUGE", 2)
    monkeypatch.setattr(outbox, "CHUNK", 2)
    active = (cast.ana_admin, cast.luis_colleague, cast.rosa_colleague, cast.carlos_cook)
    first, second, *others = sorted(active, key=lambda member: member.id)
    for member in (first, second):
        await owner.execute(
            "insert into campana.user_preference (tenant_id, user_id, type, value, chosen)"
            " values ($1, $2, 'sale:created', 0, 15)",
            *(cast.norte, member.id),
        )
    event_id = await publish_event(owner)
    tenants = Tenants()
    while await one_round(db, tenants):
        pass
    for member in others:
        assert [row["id"] for row in await inbox_of(owner, member)] == [event_id]
    assert not await inbox_of(owner, first)
    assert not await inbox_of(owner, second)


async def test_who_lost_its_turn_meanwhile_writes_nothing(db, owner, cast) -> None:
    """It stood still between reading and writing, and another has served the tenant since."""
    first = await publish_event(owner, title="read by both")
    slow, quick = Tenants(), Tenants()
    async with db.bus() as tx:
        (taken,) = await tx.fetch(queries.outbox.take.sql, slow.holder, 16, 500, 0)
        assert await one_round(db, quick) == 0, "the turn is held"
        await eventually(lambda: one_round(db, quick), 4)
        with pytest.raises(asyncpg.SerializationError, match="another dispatcher"):
            await tx.fetch(
                queries.outbox.fan_out.sql, slow.holder, [cast.norte], [taken["id"]], [{}], []
            )
        with pytest.raises(asyncpg.SerializationError, match="another dispatcher"):
            await tx.fetch(
                *(queries.outbox.fan_out_one.sql, slow.holder, cast.norte),
                *(taken["id"], {}, outbox.CHUNK, False),
            )
        second = await publish_event(owner, title="read afterwards")
        await dispatch(tx, slow, lambda hint: None)
    assert [row["id"] for row in await inbox_of(owner, cast.ana_admin)] == [first, second]


async def test_looking_for_events_does_not_read_what_a_backlog_left_behind(db, owner) -> None:
    """Between a backlog and its vacuuming, each look would read all dead rows, a thousand times
    a second."""
    read_through = "select pg_stat_get_numscans('campana.outbox'::regclass)"
    before = await owner.fetchval(read_through)
    async with db.bus() as tx:
        await tx.fetch(queries.outbox.take.sql, Tenants().holder, 16, 500, 0.01)
        await tx.execute("select pg_stat_force_next_flush()")
        await tx.execute("select")
    assert await owner.fetchval(read_through) == before


async def test_writing_an_event_does_not_read_it_either(db, owner) -> None:
    """How to write one is decided when next to nothing waits, and remembered."""
    await publish_event(owner)
    await owner.execute("vacuum analyze campana.outbox")
    read_through = "select pg_stat_get_numscans('campana.outbox'::regclass)"
    before = await owner.fetchval(read_through)
    async with db.bus() as tx:
        assert await dispatch(tx, Tenants(), lambda hint: None) == 1
        await tx.execute("select pg_stat_force_next_flush()")
        await tx.execute("select")
    assert await owner.fetchval(read_through) == before
