"""What readers do with their inbox, and that the badge always tells the truth."""

from __future__ import annotations

import asyncio
import random
import time
from uuid import uuid4

import asyncpg
import orjson
import pytest

from campana import inbox, inbox_list, search
from campana.inbox_list import Filter
from campana.signals import HINT
from tests.cast import person
from tests.post import post
from tests.waiting import eventually


@pytest.fixture
def see(db):
    """`await see(who)`: head and first page of an inbox."""

    async def see(who, *filters, **page):
        async with db.tenant(who.tenant_id, who.id) as tx:
            return await inbox.head(tx, who), await inbox_list.page(tx, who, *filters, **page)

    return see


async def signals(owner, who):
    rows = await owner.fetch(
        "select id, name, payload from campana.signal where user_id = $1 order by id", who.id
    )
    return [(row["name"], orjson.loads(row["payload"])) for row in rows]


async def drift(owner):
    return await owner.fetchval("select campana.unread_drift(100000)")


async def fill(owner, who, count, **columns):
    """`count` unread notifications, written without the corridor."""
    about = {"type": "sale:created", "title": "Venta ", "subject": "sale:", **columns}
    await owner.execute(
        """
        with told as (
          insert into campana.event (
            tenant_id, id, type, audience, words, data, priority, variant, subject, published_at)
          select $1, campana.uuid7(), $4, 'all',
            jsonb_build_object('es', jsonb_build_object('title', $5 || n, 'message', '')),
            '{}', 'low', 'info', $6 || n, now()
          from generate_series(1, $3) n
          returning id
        ), given as (
          insert into campana.inbox_head (tenant_id, user_id, seq, unread) values ($1, $2, $3, $3)
          on conflict (tenant_id, user_id) do update
          set seq = inbox_head.seq + $3, unread = inbox_head.unread + $3
          returning seq
        ), written as (
          insert into campana.inbox (tenant_id, user_id, id, event_id, seq, channels, reason)
          select $1, $2, told.id, told.id, given.seq - $3 + row_number() over (), 1, 'all'
          from told, given
          returning id, seq
        )
        insert into campana.event_recipients (tenant_id, event_id, first_user, user_ids, seqs)
        select $1, id, $2, array[$2]::uuid[], array[seq] from written
        """,
        who.tenant_id,
        who.id,
        count,
        about["type"],
        about["title"],
        about["subject"],
    )


async def test_reading_lowers_the_badge_once_and_tells_the_readers_other_devices(
    db, owner, ana, luis, see
):
    first, second = await post(db, {}, {})
    assert (await see(ana))[0].unread == (await see(luis))[0].unread == 2

    done = await inbox.apply(db, ana, inbox.read, [first])

    assert (done.unread, done.rev, done.changed) == (1, 1, 1)
    head, page = await see(ana)
    assert (head.unread, head.rev) == (1, 1)
    assert {row.id: row.is_read for row in page.rows} == {first: True, second: False}
    assert await signals(owner, ana) == [("read", {"ids": [str(first)], "rev": 1})]
    assert (await see(luis))[0].unread == 2, "what a colleague reads is read by that colleague"

    again = await inbox.apply(db, ana, inbox.read, [first])
    assert (again.unread, again.rev, again.changed, again.signal_id) == (1, 1, 0, None)
    assert len(await signals(owner, ana)) == 1
    assert await drift(owner) == 0


async def test_deleted_goes_and_restored_comes_back_as_it_was(db, owner, ana, see):
    unread, read = await post(db, {}, {})
    await inbox.apply(db, ana, inbox.read, [read])

    done = await inbox.apply(db, ana, inbox.delete, [unread, read])
    assert (done.unread, done.changed) == (0, 2)
    assert (await see(ana))[1].rows == []
    assert (await inbox.apply(db, ana, inbox.read, [unread])).changed == 0, (
        "out of sight is left alone"
    )

    done = await inbox.apply(db, ana, inbox.restore, [unread, read])
    assert (done.unread, done.changed) == (1, 2)
    assert [(row.id, row.is_read) for row in (await see(ana))[1].rows] == [
        (read, True),
        (unread, False),
    ]

    done = await inbox.apply(db, ana, inbox.unread, [read])
    assert (done.unread, done.changed) == (2, 1)
    assert [name for name, _ in await signals(owner, ana)] == [
        "read",
        "deleted",
        "resync",
        "resync",
    ]
    assert await drift(owner) == 0


async def test_what_expired_meanwhile_stays_out_of_sight(db, owner, ana, see):
    expired, _ = await post(db, {}, {})
    await inbox.apply(db, ana, inbox.delete, [expired])
    await owner.execute("update campana.event set expires_at = now() where id = $1", expired)

    done = await inbox.apply(db, ana, inbox.restore, [expired])

    assert (done.unread, done.changed) == (1, 1)
    assert len((await see(ana))[1].rows) == 1
    assert await drift(owner) == 0


async def test_not_yours_is_not_found_and_then_nothing_happens(db, cast, ana, luis, see):
    (shared,) = await post(db)
    (his,) = await post(db, {"audience": f"user:{luis.id}"})
    (theirs,) = await post(db, tenant="sur")
    eva = person(cast.eva_stranger)
    assert (await see(luis))[0].unread == 2
    assert (await see(eva))[0].unread == 1

    for verb in (inbox.read, inbox.unread, inbox.delete, inbox.restore):
        for foreign in (his, theirs, uuid4()):
            with pytest.raises(asyncpg.PostgresError) as refused:
                await inbox.apply(db, ana, verb, [shared, foreign])
            assert refused.value.sqlstate == "CA009"

    assert (await see(ana))[0].unread == 1
    assert (await see(ana))[0].rev == 0
    assert (await see(luis))[0].unread == 2
    assert (await see(eva))[0].unread == 1


async def test_read_all_spares_what_came_after_the_reader_looked(db, owner, ana, see):
    await post(db, {}, {})
    seen = (await see(ana))[0].seq
    (later,) = await post(db)

    done = await inbox.apply(db, ana, inbox.read_all, seen)

    assert (done.unread, done.changed) == (1, 2)
    assert [row.id for row in (await see(ana, Filter(unread=True)))[1].rows] == [later]
    assert await signals(owner, ana) == [("read", {"upTo": seen, "rev": 1})]
    for beyond in (seen + 2, -1):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await inbox.apply(db, ana, inbox.read_all, beyond)
        assert (refused.value.sqlstate, refused.value.detail) == ("CA005", "upTo")
    assert (await inbox.apply(db, ana, inbox.read_all, None)).unread == 0


async def test_clear_takes_everything_seen_out_of_sight(db, owner, ana, see):
    read, _ = await post(db, {}, {})
    await inbox.apply(db, ana, inbox.read, [read])
    (later,) = await post(db)

    done = await inbox.apply(db, ana, inbox.clear, 2)

    assert (done.unread, done.changed) == (1, 2)
    assert [row.id for row in (await see(ana))[1].rows] == [later]
    assert (await signals(owner, ana))[-1] == ("deleted", {"upTo": 2, "rev": 2})
    assert await drift(owner) == 0


async def test_an_inbox_where_nothing_ever_arrived_can_be_read_and_cleared(db, ana, see):
    assert (await see(ana))[0] == inbox.Head()
    for verb in (inbox.read_all, inbox.clear):
        done = await inbox.apply(db, ana, verb, None)
        assert (done.unread, done.rev, done.changed, done.signal_id) == (0, 0, 0, None)


async def test_ten_thousand_unread_are_read_within_a_second(db, owner, ana, luis, rosa):
    """The quickest of three: the others may have waited for what else the machine does."""
    took = []
    for who in (ana, luis, rosa):
        await fill(owner, who, 10_000)
        started = time.perf_counter()
        done = await inbox.apply(db, who, inbox.read_all, None)
        took.append(time.perf_counter() - started)
        assert (done.unread, done.changed) == (0, 10_000)
    assert min(took) < 1
    assert await drift(owner) == 0


async def test_a_change_hints_at_its_reader_and_its_signal(db, ana):
    (mine,) = await post(db)
    heard = []
    listening = await db.connect_bus(name="test")
    await listening.add_listener(HINT, lambda *args: heard.append(orjson.loads(args[3])))
    try:
        done = await inbox.apply(db, ana, inbox.read, [mine])
        told = {"t": str(ana.tenant_id), "u": [str(ana.id)], "s": [done.signal_id]}
        await eventually(lambda: told in heard)
    finally:
        await listening.close()


async def test_the_badge_survives_a_storm_of_events_and_readers(db, owner, ana, luis):
    await post(db, *[{} for _ in range(30)])
    dice = random.Random(7)
    verbs = (inbox.read, inbox.unread, inbox.delete, inbox.restore)

    async def disturb(who):
        async with db.tenant(who.tenant_id, who.id) as tx:
            rows = await tx.fetch("select id from campana.inbox where user_id = $1", who.id)
        for _ in range(25):
            some = dice.sample([row["id"] for row in rows], 5)
            await inbox.apply(db, who, dice.choice(verbs), some)
        await inbox.apply(db, who, inbox.read_all, 12)

    async def go_on():
        for number in range(15):
            await post(db, {"collapse_key": f"k{number % 3}"}, {})

    await asyncio.gather(disturb(ana), disturb(ana), disturb(luis), go_on())

    assert await drift(owner) == 0
    gaps = await owner.fetchval(
        "select count(*) from campana.inbox_head h where seq <> "
        "(select max(i.seq) from campana.inbox i where i.user_id = h.user_id)"
    )
    assert gaps == 0


async def test_pages_are_newest_first_and_the_cursor_skips_and_repeats_nothing(db, ana, see):
    ids = await post(db, *[{} for _ in range(7)])
    _, page = await see(ana, limit=3)
    assert [row.id for row in page.rows] == ids[:3:-1]
    assert (page.total, page.is_capped) == (7, False)

    found, older = [row.id for row in page.rows], page.older
    while older:
        await post(db)  # what arrives meanwhile does not move what is older
        async with db.tenant(ana.tenant_id, ana.id) as tx:
            page = await inbox_list.older_than(tx, ana, older, limit=3)
        found, older = found + [row.id for row in page.rows], page.older
        assert page.total is None
    assert found == ids[::-1]


async def test_filters_find_by_state_type_and_words_whatever_case_and_accents(db, ana, see):
    sale, stock, other = await post(
        db,
        {"title": "Venta de CAFÉ", "message": "con leche"},
        {"type": "stock:low", "title": "Queda poco café", "message": ""},
        {"title": "100% otra_cosa", "message": "Ñandú"},
    )
    await inbox.apply(db, ana, inbox.read, [sale])

    async def found(**filters):
        _, page = await see(ana, Filter(**filters))
        assert page.total == len(page.rows)
        return [row.id for row in page.rows]

    assert await found(unread=True) == [other, stock]
    assert await found(type="stock:low") == [stock]
    assert await found(type="stock") == []
    assert await found(text="cafe") == [stock, sale]
    assert await found(text="CAFE", unread=True) == [stock]
    assert await found(text="leché", type="sale:created") == [sale]
    assert await found(text="nandu") == [other]
    assert await found(text="100% otra_c") == [other], "signs part words"
    assert await found(text="%") == [], "there is no word in it"
    assert await found(priority="high") == [stock]
    assert await found(priority="high", text="venta") == []


async def test_words_are_the_readers(db, cast, ana, see):
    await post(db, {"data": {"number": 7}})
    _, spanish = await see(ana)
    _, english = await see(person(cast.ana_admin, "en"))
    assert spanish.rows[0].title != english.rows[0].title
    assert spanish.rows[0].title
    assert english.rows[0].title


async def test_totals_say_when_counting_stopped(db, owner, ana, see, monkeypatch):
    await fill(owner, ana, 60)
    monkeypatch.setattr(inbox_list, "COUNTED", 50)
    monkeypatch.setattr(inbox_list, "FILTER_COUNTED", 40)
    monkeypatch.setattr(inbox_list, "NEAR_SPAN", 10)
    monkeypatch.setattr(inbox_list, "FAR_SPAN", 20)
    monkeypatch.setattr(inbox_list, "KNOWN", 5)
    await search.keep_words(db)

    async def total(*filters):
        _, page = await see(ana, *filters)
        return page.total, page.is_capped, bool(page.older)

    assert await total() == (50, True, True)
    assert await total(Filter(unread=True)) == (60, False, True), "the badge knows"
    assert await total(Filter(type="sale:created")) == (40, True, True)
    assert await total(Filter(text="venta 1")) == (0, True, True), "nothing yet, but not the end"
    assert await total(Filter(text="1 venta")) == (1, False, False), "the index knows"
    assert await total(Filter(type="stock:low")) == (0, False, False)


async def test_a_visit_makes_what_is_there_no_longer_new(db, ana, luis):
    async def new(who):
        async with db.tenant(who.tenant_id, who.id) as tx:
            return await inbox.unvisited(tx, who, "sales", "sale:created")

    await post(
        db,
        {"subject": "order:1"},
        {"subject": "order:1"},
        {"subject": "order:2"},
        {"type": "stock:low"},
    )
    assert (await new(ana), await new(luis)) == (2, 2)

    async with db.tenant(ana.tenant_id, ana.id) as tx:
        await inbox.visit(tx, ana, "sales")
    assert (await new(ana), await new(luis)) == (0, 2)

    await post(db, {"subject": "order:1"})
    assert (await new(ana), await new(luis)) == (1, 2)

    await post(db, {}, {})  # about nothing in particular: each is one
    assert (await new(ana), await new(luis)) == (3, 4)


async def test_what_is_new_is_counted_to_a_hundred(db, owner, ana):
    await fill(owner, ana, 150)
    async with db.tenant(ana.tenant_id, ana.id) as tx:
        assert await inbox.unvisited(tx, ana, "sales", "sale:created") == 100
