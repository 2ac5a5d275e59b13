"""Retention: what is old goes; badge, order and cursors stay exact whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from campana import inbox, retention
from campana.queries import queries
from tests.cast import person
from tests.corridor.conftest import everybody_hears, inbox_of, publish_event, until_dispatched

OLD = timedelta(days=8)
IDS_OF_EVENTS = (
    ("event", "id"),
    ("event_recipients", "event_id"),
    ("inbox", "id"),
    ("inbox", "event_id"),
    ("event_words", "event_id"),
)


@pytest.fixture
async def policy(owner, cast):
    """`await policy(keep_unread=False)`: norte keeps seven days."""

    async def policy(*, keep_unread: bool, days: int = 7) -> None:
        await owner.execute(
            "update campana.tenant_settings set keep_unread = $1, retention_days = $2"
            " where tenant_id = $3",
            keep_unread,
            days,
            cast.norte,
        )

    return policy


async def age(owner, by: timedelta = OLD) -> None:
    """All that was dispatched so far is so much older; ids say when an event was published."""
    moment = await owner.fetchval("select clock_timestamp() - $1::interval", by)
    await owner.execute("update campana.event set dispatched_at = dispatched_at - $1::interval", by)
    for table, column in IDS_OF_EVENTS:
        await owner.execute(
            f"update campana.{table} set {column} = encode(overlay(uuid_send({column}) placing"
            " substring(uuid_send(campana.uuid7_at($1)) for 6) from 1 for 6), 'hex')::uuid"
            f" where {column} > campana.uuid7_at($1)",
            moment,
        )


async def head_of(owner, member):
    return await owner.fetchrow(
        "select seq, unread, rev, floor from campana.inbox_head where user_id = $1", member.id
    )


async def truth(owner) -> None:
    """The badge of everybody, counted without any shortcut."""
    wrong = await owner.fetch(
        "select h.user_id, h.unread, count(i.seq) from campana.inbox_head h"
        " left join campana.inbox i on (i.tenant_id, i.user_id) = (h.tenant_id, h.user_id)"
        " and i.state = 0 and i.read_at is null group by 1, 2 having h.unread <> count(i.seq)"
    )
    assert wrong == []


async def test_what_is_older_than_the_tenant_keeps_goes_with_all_that_belongs_to_it(
    corridor, publish, policy, db, owner, cast
) -> None:
    await policy(keep_unread=False)
    for number in range(5):
        await publish(title=f"old {number}", dedupe_key=f"old:{number}")
    await publish(tenant="sur", title="the neighbour's")
    await until_dispatched(owner)
    await age(owner)
    young = await publish(title="young")
    await until_dispatched(owner)

    would = await retention.preview(db, cast.norte)
    done = await retention.purge(db, cast.norte)

    assert done == would
    assert (done.notifications, done.events) == (5 * 4, 5)
    assert [row["id"] for row in await inbox_of(owner, cast.luis_colleague)] == [young]
    head = await head_of(owner, cast.luis_colleague)
    assert (head["seq"], head["unread"], head["floor"]) == (6, 1, 5)
    await truth(owner)
    for table in ("event", "event_recipients"):
        left = await owner.fetchval(
            f"select count(*) from campana.{table} where tenant_id = $1", cast.norte
        )
        assert left == 1, table
    assert len(await inbox_of(owner, cast.leo_stranger)) == 1, "another tenant keeps its own"
    assert await publish(title="again", dedupe_key="old:1"), "and nothing old rings again"
    await until_dispatched(owner)
    assert len(await inbox_of(owner, cast.luis_colleague)) == 1
    assert await owner.fetchval("select count(*) from campana.kept_event") == 0


async def test_what_nobody_has_read_stays_where_the_tenant_wants_it(
    corridor, publish, policy, db, owner, cast
) -> None:
    await policy(keep_unread=True)
    read, unread = await publish(title="read"), await publish(title="unread")
    await until_dispatched(owner)
    for member in cast.of("norte"):
        if member != cast.ines_inactive:
            await inbox.apply(db, person(member), inbox.read, [read])
    await inbox.apply(db, person(cast.carlos_cook), inbox.delete, [unread])
    await age(owner)
    [read, unread] = [row["id"] for row in await inbox_of(owner, cast.luis_colleague)]

    done = await retention.purge(db, cast.norte)

    assert (done.notifications, done.events) == (5, 1)
    assert [row["id"] for row in await inbox_of(owner, cast.luis_colleague)] == [unread]
    assert await inbox_of(owner, cast.carlos_cook) == []
    await truth(owner)
    await inbox.apply(db, person(cast.luis_colleague), inbox.read, [unread])
    assert (await retention.purge(db, cast.norte)).notifications == 1, "once read, it is over"
    assert [row["id"] for row in await inbox_of(owner, cast.rosa_colleague)] == [unread]


async def test_a_collapsed_notification_is_as_young_as_its_latest_words(
    corridor, publish, policy, db, owner, cast
) -> None:
    await policy(keep_unread=False)
    await publish(title="first", collapse_key="chat")
    await publish(title="between")
    await until_dispatched(owner)
    await age(owner)
    await publish(title="latest", collapse_key="chat")
    await until_dispatched(owner)
    await retention.purge(db, cast.norte)
    assert [row["title"] for row in await inbox_of(owner, cast.luis_colleague)] == ["latest"]
    await age(owner)
    await retention.purge(db, cast.norte)
    assert await inbox_of(owner, cast.luis_colleague) == []
    await truth(owner)


async def test_readers_go_on_where_they_were_or_are_told_that_they_missed_something(
    publish, policy, listen, db, owner, cast
) -> None:
    await policy(keep_unread=False)
    for number in range(3):
        await publish(title=f"old {number}")
    await until_dispatched(owner)
    epoch = await owner.fetchval("select epoch from campana.installation")
    await age(owner)
    await retention.purge(db, cast.norte)
    await publish(title="young")
    await until_dispatched(owner)

    up_to_date = await listen(cast.luis_colleague, last_id=f"{epoch}-3")
    behind = await listen(cast.luis_colleague, last_id=f"{epoch}-1")
    await everybody_hears(publish, [up_to_date, behind])

    assert [n["title"] for n in up_to_date.notifications] == ["young", "the end"]
    assert not up_to_date.named("resync")
    assert behind.named("resync")
    assert [n["title"] for n in behind.notifications] == ["the end"]


class PurgeStorm:
    """Everything is old the moment it is dispatched; programs, readers and purges at once."""

    def __init__(self, dsn, db, cast) -> None:
        self.dsn, self.db, self.cast, self.busy = dsn, db, cast, True

    async def program(self, number: int) -> None:
        connection = await asyncpg.connect(self.dsn)
        for turn in range(60):
            more = {"collapse_key": f"k{turn % 3}"} if turn % 3 == 0 else {}
            if turn % 4 == 1:
                more["expires_at"] = datetime.now(UTC) + timedelta(seconds=0.5)
            await publish_event(connection, title=f"{number}.{turn}", **more)
        await connection.close()

    async def reader(self, member, dice: random.Random) -> None:
        connection = await asyncpg.connect(self.dsn)
        verbs = [inbox.read, inbox.unread, inbox.delete, inbox.read_all]
        while self.busy:
            rows = [row["id"] for row in await inbox_of(connection, member)]
            verb = dice.choice(verbs)
            what = None if verb is inbox.read_all else dice.sample(rows, min(2, len(rows)))
            with suppress(asyncpg.exceptions.PostgresError):  # purged between look and press
                await inbox.apply(self.db, person(member), verb, what)
        await connection.close()

    async def purger(self) -> None:
        connection = await asyncpg.connect(self.dsn)
        while self.busy:
            await connection.execute(
                "update campana.tenant_settings set keep_unread = not keep_unread"
                " where tenant_id = $1",
                self.cast.norte,
            )
            await connection.execute(
                "update campana.event set dispatched_at = now() - interval '8 days'"
            )
            await retention.purge(self.db, self.cast.norte)
        await connection.close()


async def test_the_badge_is_exact_through_a_storm_of_purges(
    corridor, policy, db, dsn, owner, cast
) -> None:
    await policy(keep_unread=True)
    storm = PurgeStorm(dsn, db, cast)
    others = [storm.purger(), storm.purger(), storm.reader(cast.luis_colleague, random.Random(1))]
    tasks = [asyncio.create_task(one) for one in others]
    await asyncio.gather(storm.program(1), storm.program(2))
    await until_dispatched(owner)
    storm.busy = False
    await asyncio.gather(*tasks)

    await truth(owner)
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0
    for member in (cast.ana_admin, cast.luis_colleague):
        rows = [row["seq"] for row in await inbox_of(owner, member)]
        assert rows == sorted(set(rows))
        assert (await head_of(owner, member))["floor"] > 0, "something was purged"


async def test_a_purge_that_was_cut_short_is_gone_on_with(
    corridor, publish, policy, db, owner, cast
) -> None:
    await policy(keep_unread=False)
    for number in range(4):
        await publish(title=str(number))
    await until_dispatched(owner)
    await age(owner)
    async with db.bus() as bus:  # a process that ends after its first step
        await queries.retention.begin(bus, tenant=cast.norte, force=True)
        row = await queries.retention.step(bus, tenant=cast.norte)
    assert row["stage"] != "done"
    await policy(keep_unread=False, days=3000)
    await retention.purge_due(db)
    assert await owner.fetchval(
        "select ended_at is not null and events = 4 from campana.retention where tenant_id = $1",
        cast.norte,
    )
    await retention.purge_due(db)
    assert (
        await owner.fetchval("select count(*) from campana.inbox where tenant_id = $1", cast.norte)
        == 0
    )


async def test_a_purge_that_fails_holds_up_no_other_tenant(db, owner, cast) -> None:
    await owner.execute(
        "create function pg_temp.fail() returns trigger language plpgsql as"
        " $$ begin raise 'broken'; end $$"
    )
    for broken, other in ((cast.norte, cast.sur), (cast.sur, cast.norte)):  # in whatever order
        await owner.execute("delete from campana.retention")
        await owner.execute(
            "create trigger fail before update on campana.retention for each row"
            f" when (new.tenant_id = '{broken}') execute function pg_temp.fail()"
        )
        await retention.purge_due(db)
        ended = "select ended_at is not null from campana.retention where tenant_id = $1"
        assert await owner.fetchval(ended, other)
        assert not await owner.fetchval(ended, broken)
        await owner.execute("drop trigger fail on campana.retention")
