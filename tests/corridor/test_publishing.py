"""From one line of SQL to the right streams and to no other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from campana.publish import publish_many
from tests.corridor.conftest import everybody_hears, inbox_of, publish_event, until_dispatched
from tests.waiting import eventually

EVERYBODY = ("ana_admin", "luis_colleague", "rosa_colleague", "carlos_cook", "eva_stranger")


def soon(seconds: float = 0.6) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture
async def ears(listen, cast):
    """Everybody of norte and a stranger of sur, all listening."""
    return {name: await listen(getattr(cast, name)) for name in EVERYBODY}


@pytest.mark.parametrize(
    ("audience", "who"),
    [
        ("all", {"ana_admin", "luis_colleague", "rosa_colleague", "carlos_cook"}),
        ("role:ADMIN", {"ana_admin"}),
        ("role:STAFF", {"luis_colleague", "rosa_colleague"}),
        ("user:carlos@norte.test", {"carlos_cook"}),
        ("branch:Centro", {"luis_colleague", "carlos_cook"}),
        ("role:STAFF & !branch:Centro | role:COOK", {"rosa_colleague", "carlos_cook"}),
    ],
)
async def test_an_event_rings_for_its_audience_and_for_nobody_else(
    publish, ears, audience, who
) -> None:
    event_id = await publish(audience=audience, title="Venta 7", data={"number": 7})
    await everybody_hears(publish, list(ears.values()), "norte", "sur")

    for name, ear in ears.items():
        told = [n for n in ear.notifications if n["id"] == str(event_id)]
        assert len(told) == (name in who), name
        assert ear.heard("sale:created", id=str(event_id)) == (name in who), name
    first = ears[sorted(who)[0]].notifications[0]
    assert (first["seq"], first["title"], first["data"]) == (1, "Venta 7", {"number": 7})
    assert (first["type"], first["isRead"], first["variant"]) == ("sale:created", False, "success")


async def test_a_publication_rolled_back_reaches_nobody(publish, ears, dsn, owner) -> None:
    business = await asyncpg.connect(dsn)
    transaction = business.transaction()
    await transaction.start()
    await publish_event(business, title="never")
    await transaction.rollback()
    await business.close()

    await everybody_hears(publish, list(ears.values()), "norte", "sur")
    for ear in ears.values():
        assert [n["title"] for n in ear.notifications] == ["the end"]
        assert not ear.heard("sale:created")
    assert await owner.fetchval("select count(*) from campana.event where type <> $1", "x") == 2


async def test_nobody_hears_of_it_before_the_commit(publish, ears, dsn, owner) -> None:
    business = await asyncpg.connect(dsn)
    transaction = business.transaction()
    await transaction.start()
    await publish_event(business, title="later")
    await publish(title="meanwhile")
    ana = ears["ana_admin"]
    await ana.hears("notification", title="meanwhile")
    assert not ana.heard("notification", title="later")
    await transaction.commit()
    await business.close()
    assert (await ana.hears("notification", title="later")).data["seq"] == 2


async def test_live_types_are_heard_now_and_leave_nothing(publish, ears, owner) -> None:
    event_id = await publish(type="calendar:refresh", data={"reason": "moved"})
    await everybody_hears(publish, list(ears.values()), "norte", "sur")

    heard = {name for name, ear in ears.items() if ear.heard("calendar:refresh", id=str(event_id))}
    assert heard == set(EVERYBODY) - {"eva_stranger"}
    assert [n["title"] for n in ears["ana_admin"].notifications] == ["the end"]
    assert await owner.fetchval("select count(*) from campana.event where id = $1", event_id) == 0
    assert await owner.fetchval("select count(*) from campana.inbox where id = $1", event_id) == 0


async def test_the_actor_sees_it_happen_but_is_not_notified(publish, ears, cast, owner) -> None:
    event_id = await publish(actor="luis@norte.test", title="mine")
    await everybody_hears(publish, list(ears.values()), "norte", "sur")

    luis, rosa = ears["luis_colleague"], ears["rosa_colleague"]
    assert rosa.heard("notification", id=str(event_id))
    assert not luis.heard("notification", id=str(event_id))
    assert luis.heard("sale:created", id=str(event_id), actor=str(cast.luis_colleague.id))
    assert [row["title"] for row in await inbox_of(owner, cast.luis_colleague)] == ["the end"]


async def test_people_who_left_get_nothing(publish, ears, cast, owner) -> None:
    await publish(audience="role:STAFF | user:ines@norte.test", title="to staff")
    await ears["luis_colleague"].hears("notification", title="to staff")
    assert await inbox_of(owner, cast.ines_inactive) == []


async def test_a_dedupe_key_rings_once(publish, ears, dsn) -> None:
    first = await publish(dedupe_key="sale:7:created", title="once")
    assert await publish(dedupe_key="sale:7:created", title="twice") == first
    other = await publish(tenant="sur", dedupe_key="sale:7:created", title="another tenant's")
    assert other != first

    await everybody_hears(publish, list(ears.values()), "norte", "sur")
    assert [n["title"] for n in ears["ana_admin"].notifications] == ["once", "the end"]
    assert [n["title"] for n in ears["eva_stranger"].notifications] == [
        "another tenant's",
        "the end",
    ]


async def test_a_dedupe_key_rings_once_also_when_eight_publish_at_once(publish, ears, dsn) -> None:
    programs = [await asyncpg.connect(dsn) for _ in range(8)]
    ids = await asyncio.gather(
        *[publish_event(program, dedupe_key="sale:8", title="once") for program in programs]
    )
    assert len(set(ids)) == 1
    for program in programs:
        await program.close()
    await everybody_hears(publish, [ears["ana_admin"]])
    assert [n["id"] for n in ears["ana_admin"].notifications][:-1] == [str(ids[0])]


async def test_a_dedupe_key_whose_first_user_rolled_back_is_free(publish, ears, dsn) -> None:
    business = await asyncpg.connect(dsn)
    transaction = business.transaction()
    await transaction.start()
    never = await publish_event(business, dedupe_key="sale:9", title="never")
    waiting = asyncio.create_task(publish(dedupe_key="sale:9", title="after all"))
    await eventually(lambda: _somebody_waits(business))
    await transaction.rollback()
    await business.close()
    assert await waiting != never
    await ears["ana_admin"].hears("notification", title="after all")
    assert not ears["ana_admin"].heard("notification", title="never")


async def _somebody_waits(connection) -> bool:
    return await connection.fetchval(
        "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = current_database()"
    )


async def test_deliver_at_rings_then_and_not_before(publish, ears, owner) -> None:
    due = soon()
    later = await publish(deliver_at=due, title="at its time")
    await publish(title="now")
    ana = ears["ana_admin"]
    await ana.hears("notification", title="now")
    told = (await ana.hears("notification", title="at its time")).data
    assert datetime.now(UTC) >= due
    assert (told["id"], told["seq"]) == (str(later), 2)
    assert datetime.fromisoformat(told["createdAt"]) == due


async def test_what_is_scheduled_can_be_cancelled_until_it_is_due(publish, ears, owner) -> None:
    cancelled = await publish(deliver_at=soon(), title="cancelled", dedupe_key="reminder:1")
    kept = await publish(deliver_at=soon(), title="kept")
    await owner.execute("select cancel_event('norte', $1)", cancelled)
    ana = ears["ana_admin"]
    await ana.hears("notification", title="kept")
    await everybody_hears(publish, [ana])
    assert not ana.heard("notification", title="cancelled")

    for event_id, code in ((kept, "CA008"), (cancelled, "CA009")):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute("select cancel_event('norte', $1)", event_id)
        assert refused.value.sqlstate == code
        assert refused.value.hint
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.execute("select cancel_event('sur', $1)", kept)
    assert refused.value.sqlstate == "CA009", "another tenant's event does not exist"


async def test_what_was_cancelled_may_be_published_again_under_its_key(
    publish, ears, owner
) -> None:
    reminder = {"dedupe_key": "reminder:1", "title": "in an hour"}
    cancelled = await publish(deliver_at=soon(60), **reminder)
    assert await publish(deliver_at=soon(60), **reminder) == cancelled
    await owner.execute("select cancel_event('norte', $1)", cancelled)
    again = await publish(**reminder)
    assert again != cancelled
    await ears["ana_admin"].hears("notification", id=str(again))
    assert await publish(**reminder) == again


async def test_an_event_expires_from_list_and_badge(publish, ears, cast, owner) -> None:
    await publish(title="stays")
    await publish(expires_at=soon(1.5), title="offer of the hour")
    ana = ears["ana_admin"]
    await ana.hears("notification", title="offer of the hour")
    before = await ana.hears("unread", count=2)
    # rev: whoever returns knows that something changed
    await ana.hears("unread", count=1, rev=before.data["rev"] + 1)
    assert [row["title"] for row in await inbox_of(owner, cast.ana_admin)] == ["stays"]
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0
    assert await owner.fetchval("select count(*) from campana.expiring") == 0


async def test_a_collapse_key_keeps_the_notification_and_counts_it_once(
    publish, ears, cast, owner
) -> None:
    first = await publish(collapse_key="chat:4", title="1 message")
    between = await publish(title="between")
    second = await publish(collapse_key="chat:4", title="2 messages")
    ana = ears["ana_admin"]
    told = (await ana.hears("notification", title="2 messages")).data
    assert (told["id"], told["seq"]) == (str(first), 3), "its id stays, its place is new"

    rows = await inbox_of(owner, cast.ana_admin)
    assert [(r["id"], r["event_id"], r["seq"]) for r in rows] == [
        (between, between, 2),
        (first, second, 3),
    ]
    assert await _unread(owner, cast.ana_admin) == 2

    await owner.execute("update campana.inbox set read_at = now() where id = $1", first)
    await publish(collapse_key="chat:4", title="after it was read")
    told = (await ana.hears("notification", title="after it was read")).data
    assert (told["seq"], told["id"] == str(first)) == (4, False), "what was read is not touched"


async def test_what_is_collapsed_by_a_lasting_event_no_longer_expires(
    publish, ears, cast, owner, corridor
) -> None:
    first = await publish(collapse_key="chat:5", title="short-lived", expires_at=soon(1.0))
    await publish(collapse_key="chat:5", title="here to stay")
    await publish(title="short-lived too", expires_at=soon(1.0))
    ana = ears["ana_admin"]
    await ana.hears("notification", title="here to stay")
    await ana.hears("notification", title="short-lived too")
    await eventually(lambda: _titles_are(owner, cast.ana_admin, ["here to stay"]))
    assert [row["id"] for row in await inbox_of(owner, cast.ana_admin)] == [first]
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def _titles_are(owner, member, titles) -> bool:
    return [row["title"] for row in await inbox_of(owner, member)] == titles


async def _unread(owner, member) -> int:
    return await owner.fetchval(
        "select unread from campana.inbox_head where user_id = $1", member.id
    )


async def test_every_row_knows_why_it_is_there(publish, cast, owner, corridor) -> None:
    await owner.execute(
        "insert into campana.topic_subscription (tenant_id, topic, user_id) values ($1, $2, $3)",
        cast.norte,
        "pedido:7",
        cast.rosa_colleague.id,
    )
    for audience in (
        "all",
        "role:STAFF",
        "user:rosa@norte.test",
        "branch:Puerto",
        "topic:pedido:7",
        "role:ADMIN | branch:Puerto",
        "role:STAFF & branch:Puerto",
        "!role:COOK",
    ):
        await publish(audience=audience)
    await until_dispatched(owner)
    assert [row["reason"] for row in await inbox_of(owner, cast.rosa_colleague)] == [
        "all",
        "role:STAFF",
        "user",
        "branch:Puerto",
        "topic:pedido:7",
        "branch:Puerto",
        "role:STAFF & branch:Puerto",
        "not role:COOK",
    ]


async def test_rights_count_when_it_is_dispatched_not_when_it_was_published(
    publish, ears, cast, owner
) -> None:
    await publish(audience="role:COOK", title="for cooks", deliver_at=soon())
    await owner.execute(
        "update campana.users set role = 'COOK' where id = $1", cast.luis_colleague.id
    )
    await owner.execute(
        "update campana.users set role = 'STAFF' where id = $1", cast.carlos_cook.id
    )
    await ears["luis_colleague"].hears("notification", title="for cooks")
    assert await inbox_of(owner, cast.carlos_cook) == []


REFUSED = [
    ({"tenant": "nowhere"}, "CA001", "tenant"),
    ({"type": "sale:invented"}, "CA002", "type"),
    ({"type": None}, "CA002", "type"),
    ({"audience": "role:PILOT"}, "CA004", "audience"),
    ({"audience": "user:eva@sur.test"}, "CA004", "audience"),
    ({"actor": "eva@sur.test"}, "CA004", "actor"),
    ({"audience": None}, "CA003", "audience"),
    ({"title": "x" * 201}, "CA006", "title"),
    ({"message": "x" * 4001}, "CA006", "message"),
    ({"data": {"x": "y" * 33_000}}, "CA006", "data"),
    ({"data": "[1]"}, "CA005", "data"),
    ({"priority": "whatever"}, "CA005", "priority"),
    ({"variant": "whatever"}, "CA005", "variant"),
    ({"url": "javascript:alert(1)"}, "CA005", "url"),
    ({"url": "//evil.example"}, "CA005", "url"),
    ({"url": "/\\evil.example"}, "CA005", "url"),
    ({"url": "data:text/html,x"}, "CA005", "url"),
    ({"url": "/a\nb"}, "CA005", "url"),
    ({"actions": {"name": "x"}}, "CA005", "actions"),
    ({"actions": [{"name": "x", "label": "X", "url": "javascript:x"}]}, "CA005", "actions"),
    ({"actions": [{"name": "x", "label": "X"}] * 6}, "CA005", "actions"),
    ({"actions": [{"name": "x", "label": {"en": "X"}}]}, "CA005", "actions"),
    ({"actions": [{"name": "x", "label": " "}]}, "CA005", "actions"),
    ({"subject": "no-kind"}, "CA005", "subject"),
    ({"dedupe_key": ""}, "CA005", "dedupe_key"),
    ({"collapse_key": "x" * 256}, "CA005", "collapse_key"),
    ({"deliver_at": datetime(2200, 1, 1, tzinfo=UTC)}, "CA005", "deliver_at"),
    ({"expires_at": datetime(2000, 1, 1, tzinfo=UTC)}, "CA005", "expires_at"),
    ({"expires_at": datetime(9999, 1, 1, tzinfo=UTC)}, "CA005", "expires_at"),
]


async def test_what_cannot_be_published_says_what_to_do(publish, owner) -> None:
    for arguments, code, field in REFUSED:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await publish(**arguments)
        assert (refused.value.sqlstate, refused.value.detail) == (code, field), arguments
        assert refused.value.hint, arguments
        assert str(refused.value).endswith("."), arguments
    assert await owner.fetchval("select count(*) from campana.outbox") == 0


ACCEPTED = [
    {},
    {"title": "x" * 200, "message": "y" * 4000, "url": "https://campana.test/a?b=c#d"},
    {"data": {"x": "y" * 300}, "url": "/sales/7"},
    {"data": {"x": "y" * 32_000}},
    {"data": {"x": [[[]]] * 60}},
    {"data": {"x": "0" * 300}},
    {"priority": "urgent", "variant": "error", "subject": "sale:7", "collapse_key": "chat:7"},
    {"type": "user:online", "audience": "role:STAFF"},
    {"audience": "user:carlos@norte.test"},
    {"audience": "role:STAFF & !branch:Centro"},
]


async def test_short_and_long_ways_write_the_same(db, dsn, cast, owner) -> None:
    names = (
        "tenant type audience title message data priority variant url actions actor subject"
        " dedupe_key collapse_key deliver_at expires_at"
    )
    for arguments in ACCEPTED:
        said = {"tenant": "norte", "type": "sale:created", "audience": "all", **arguments}
        await publish_event(owner, **said)
        given = [said.get(name) for name in names.split()]
        async with db.bus() as bus:
            places = ", ".join(f"${number}" for number in range(1, 17))
            await bus.execute(f"select campana.publish_with_care({places})", *given)
        item = {name: value for name, value in said.items() if value is not None}
        async with db.tenant(cast.norte) as tx:
            assert (await publish_many(tx, "norte", [item]))[0].code is None
        async with db.tenant(cast.norte) as tx:  # the other one needs care, so both get it
            both = await publish_many(tx, "norte", [item, {**item, "actor": "eva@sur.test"}])
            assert [one.code for one in both] == [None, "CA004"]
        rows = await owner.fetch(
            "select tenant_id, type, lasting, audience, rule, title, message, data, priority,"
            " variant, url, actions, actor, subject, collapse_key, expires_at from campana.outbox"
        )
        assert len(rows) == 4
        assert len(set(rows)) == 1, arguments
        await owner.execute("truncate campana.outbox")


async def test_ids_sort_by_when_they_were_made_within_a_millisecond_too(owner) -> None:
    ids = "select array_agg(campana.uuid7()) as made, campana.uuid7_at(now()) as now, "
    told = "campana.uuid7_at(now() + interval '1 minute') as later from generate_series(1, 1000)"
    row = await owner.fetchrow(ids + told)
    assert row["made"] == sorted(row["made"])
    assert row["now"] < row["made"][0]
    assert row["made"][-1] < row["later"]


async def test_publishing_wakes_a_dispatcher_only_when_all_sleep(db, dsn, cast, owner) -> None:
    heard: list[str] = []
    await owner.add_listener("campana_wake", lambda *_: heard.append("wake"))

    async def everyway() -> int:
        heard.clear()
        await publish_event(owner, tenant="norte")
        await publish_event(owner, tenant="norte", actor="ana@norte.test")
        async with db.tenant(cast.norte) as tx:
            await publish_many(tx, "norte", [{"type": "sale:created", "audience": "all"}])
        await owner.execute("select 1")  # brings what was notified before
        return len(heard)

    await owner.execute("truncate campana.dispatcher")
    assert await everyway() == 0
    sleeping = "insert into campana.dispatcher values (gen_random_uuid(), false, now())"
    await owner.execute(sleeping)
    assert await everyway() == 3
    await owner.execute("update campana.dispatcher set awake = true, beat = clock_timestamp()")
    assert await everyway() == 0
    await owner.execute("update campana.dispatcher set beat = now() - interval '2 seconds'")
    assert await everyway() == 3


async def test_text_with_line_breaks_and_markup_arrives_as_it_is(publish, ears) -> None:
    title = "a\nevent: fake\ndata: {}\r\n\r\n<script>alert(1)</script> \u2028 ñ 🔔"
    await publish(title=title, data={"nested": [{"deep": "\n\n"}]})
    ana = ears["ana_admin"]
    await everybody_hears(publish, [ana])
    assert [n["title"] for n in ana.notifications] == [title, "the end"]
    assert ana.notifications[0]["data"] == {"nested": [{"deep": "\n\n"}]}
    assert not ana.named("fake")


async def test_a_title_of_nothing_counts_as_left_out(publish, ears) -> None:
    for title in ("", " \n"):
        await publish(type="stock:out", title=title, data={"name": "Leche"})
    luis = ears["luis_colleague"]
    await everybody_hears(publish, [luis])
    assert all("Leche" in n["title"] for n in luis.notifications[:2])
