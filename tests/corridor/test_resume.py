"""Whoever comes back gets what was missed: all of it, once, in order. Or is told to fetch again."""

from __future__ import annotations

import asyncio
import random
from itertools import chain

import asyncpg
import orjson
import pytest

from tests.corridor.conftest import (
    ear_of,
    everybody_hears,
    inbox_of,
    key_of,
    publish_event,
    until_dispatched,
)
from tests.sse import messages_of
from tests.waiting import eventually

CUTS = 8


@pytest.fixture
def poll(http, site, cast):
    """`await poll(member, cursor, signal)`: the messages of one finite answer."""

    async def poll(member, cursor=None, signal=None):
        params = {"poll": "1", "user": member.email}
        params |= {"last_event_id": cursor} if cursor else {}
        params |= {"signal": signal} if signal else {}
        headers = {"X-API-Key": key_of(cast, member)}
        async with http.get(f"{site}/api/stream", params=params, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "text/event-stream"
            return messages_of(await answer.read())

    return poll


async def test_clients_that_are_cut_at_random_bytes_miss_nothing_and_get_nothing_twice(
    dsn, owner, cast, http, site
) -> None:
    dice = random.Random(5)
    people = (cast.ana_admin, cast.ana_admin, cast.luis_colleague, cast.rosa_colleague)
    # A cursor of its own from the first byte on, or what is cut before hello would be missed.
    start = f"{await owner.fetchval('select epoch from campana.installation')}-0"
    ears = [(m, ear_of(http, site, m, cast.norte_key, last_id=start)) for m in people]
    finished = asyncio.Event()

    async def program(number: int) -> None:
        connection = await asyncpg.connect(dsn)
        while min(ear.connections for _, ear in ears) < CUTS:
            text = "ñ" * dice.choice((5, 50, 500))
            audience = dice.choice(("all", "all", "role:STAFF", "user:ana@norte.test"))
            await publish_event(connection, title=str(number), message=text, audience=audience)
        await connection.close()

    async def come_and_go(ear, until_cut: int) -> None:
        while not finished.is_set():
            await ear.open(bytes_until_cut=dice.randint(1, until_cut))
            await eventually(lambda: finished.is_set() or not ear.is_open, 30)
            await ear.cut()

    clients = [
        asyncio.create_task(come_and_go(ear, 4_000 * number))
        for number, (_, ear) in enumerate(ears, 1)
    ]
    await asyncio.gather(program(1), program(2))
    await until_dispatched(owner)
    finished.set()
    await asyncio.gather(*clients)

    await publish_event(owner, title="the end")
    for member, ear in ears:
        await (await ear.open()).hears("notification", title="the end")
        await ear.cut()
        rows = await inbox_of(owner, member)
        assert [(n["id"], n["seq"]) for n in ear.notifications] == [
            (str(row["id"]), row["seq"]) for row in rows
        ]
        assert [n["seq"] for n in ear.notifications] == list(range(1, len(rows) + 1))
        assert not ear.heard("resync", scope="all")


async def test_a_stream_without_a_cursor_starts_now(publish, listen, cast) -> None:
    first = await listen(cast.ana_admin)
    await publish(title="before")
    await first.hears("notification", title="before")
    second = await listen(cast.ana_admin)
    assert (second.hello["seq"], second.hello["unread"]) == (1, 1)
    assert second.last_id == first.last_id, "its hello says where it stands"
    await everybody_hears(publish, [first, second])
    assert [n["title"] for n in second.notifications] == ["the end"]


async def test_hello_says_who_listens(listen, cast) -> None:
    ana = await listen(cast.ana_admin)
    assert ana.messages[0].name == "hello"
    hello = ana.hello
    assert {
        name: hello[name] for name in ("userId", "tenantId", "role", "seq", "unread", "rev")
    } == {
        "userId": str(cast.ana_admin.id),
        "tenantId": str(cast.norte),
        "role": "ADMIN",
        "seq": 0,
        "unread": 0,
        "rev": 0,
    }
    assert hello["timestamp"]


async def lost_cursors(owner, cast) -> dict[str, str]:
    epoch = await owner.fetchval("select epoch from campana.installation")
    await owner.execute(
        "update campana.inbox_head set floor = 2 where user_id = $1", cast.ana_admin.id
    )
    return {
        "garbage": "☃; drop table",
        "a bare number": "3",
        "negative": f"{epoch}--3",
        "from the future": f"{epoch}-4000",
        "far from the future": f"{epoch}-{10**17}",
        "beyond any number": f"{epoch}-{10**40}",
        "another epoch": "abcdef012345-3",
        "older than what was kept": f"{epoch}-1",
        "digits of another script": f"{epoch}-٣",
    }


async def test_a_cursor_that_cannot_be_served_gets_resync_and_goes_on_from_the_head(
    publish, listen, owner, cast, http, site, poll
) -> None:
    witness = await listen(cast.ana_admin)
    for title in ("one", "two", "three"):
        await publish(title=title)
    await witness.hears("notification", title="three")
    ears = {}
    for what, cursor in (await lost_cursors(owner, cast)).items():
        ear = ear_of(http, site, cast.ana_admin, cast.norte_key)
        ear._params["last_event_id"] = cursor
        await (await ear.open()).hears("hello")
        await ear.hears("resync", scope="all")
        assert [m.name for m in ear.messages[:2]] == ["hello", "resync"], what
        ears[what] = ear
        answer = await poll(cast.ana_admin, cursor)
        assert [m.name for m in answer][:2] == ["hello", "resync"], what

    await publish(title="four")
    for what, ear in ears.items():
        assert (await ear.hears("notification", title="four")).data["seq"] == 4
        assert [n["title"] for n in ear.notifications] == ["four"], what
        await ear.cut()


async def test_resync_is_not_lost_wherever_the_first_bytes_are_cut(
    publish, listen, owner, cast, http, site
) -> None:
    witness = await listen(cast.ana_admin)
    await publish(title="missed")
    await witness.hears("notification", title="missed")
    whole = ear_of(http, site, cast.ana_admin, cast.norte_key, last_id="abcdef012345-1")
    await (await whole.open()).hears("resync", scope="all")
    await whole.cut()
    size = 120 + sum(len(orjson.dumps(m.data)) + 60 for m in whole.messages)
    for cut in chain(range(1, size - 160, 20), range(size - 160, size + 1, 4)):
        ear = ear_of(http, site, cast.ana_admin, cast.norte_key, last_id="abcdef012345-1")
        await ear.open(bytes_until_cut=cut)
        await eventually(lambda ear=ear: ear.heard("resync") or not ear.is_open)
        await ear.cut()
        if not ear.heard("resync"):
            await ear.returns()
            await ear.hears("resync", scope="all")
            await ear.cut()
        assert not ear.notifications
    assert ear.connections == 1, "the last cuts were behind the resync"

    await whole.returns()
    await everybody_hears(publish, [whole])
    assert len(whole.named("resync")) == 1, "who has heard it once goes on without"


async def test_read_state_that_moved_meanwhile_is_seen_in_rev(publish, listen, owner, cast) -> None:
    ana = await listen(cast.ana_admin)
    await publish(title="to read")
    told = await ana.hears("unread", count=1)
    await ana.cut()
    await owner.execute("select campana.read_all_notifications($1, $2, null)", *_whose(cast))
    await ana.returns()
    assert ana.hello["unread"] == 0
    assert ana.hello["rev"] > told.data["rev"]


def _whose(cast):
    return cast.norte, cast.ana_admin.id


async def test_reading_here_shows_there(publish, listen, http, site, cast) -> None:
    here, there = await listen(cast.ana_admin), await listen(cast.ana_admin)
    luis = await listen(cast.luis_colleague)
    event_id = str(await publish(title="to read"))
    for ear in (here, there, luis):
        await ear.hears("unread", count=1)

    answer = await http.post(
        f"{site}/api/notifications/{event_id}/read",
        params={"user": cast.ana_admin.email},
        headers={"X-API-Key": cast.norte_key},
    )
    assert answer.status < 300, await answer.text()
    for ear in (here, there):
        told = await ear.hears("read")
        assert (told.data["ids"], told.data["rev"]) == ([event_id], 1)
        await ear.hears("unread", count=0)
    await everybody_hears(publish, [here, luis])
    assert not luis.named("read")
    assert [m.data["count"] for m in luis.named("unread")][:1] == [1]


# -- polling


async def test_a_poll_tells_the_same_facts_as_a_stream(publish, listen, cast, poll) -> None:
    ear = await listen(cast.luis_colleague)
    start = (await poll(cast.luis_colleague))[0]
    await publish(
        title="first", data={"n": 1}, url="/sales/1", actions=[{"name": "a", "label": "A"}]
    )
    await publish(type="stock:out", audience="role:STAFF", data={"name": "Café"})
    await publish(type="calendar:refresh", data={"reason": "moved"})
    await publish(audience="role:ADMIN", title="not for Luis")
    await everybody_hears(publish, [ear])
    await ear.hears("announcement:published")
    await ear.hears("unread", count=3)

    answer = await poll(cast.luis_colleague, start.id, start.data["signal"])

    def told(messages, *names):
        return [(m.name, m.data) for m in messages if m.name in names]

    assert told(answer, "notification") == told(ear.messages, "notification")
    assert [m.id for m in answer if m.name == "notification"] == [
        m.id for m in ear.messages if m.name == "notification"
    ]
    live = ("sale:created", "stock:out", "calendar:refresh", "announcement:published")
    assert sorted(told(answer, *live), key=str) == sorted(told(ear.messages, *live), key=str)
    assert answer[0].name == "hello"
    assert answer[0].data["unread"] == 3

    cursor = [m.id for m in answer if m.id][-1]
    again = await poll(cast.luis_colleague, cursor, answer[0].data["signal"])
    assert [m.name for m in again] == ["hello"], "nothing is told twice"


async def test_polling_through_a_storm_hears_each_live_message_exactly_once(
    dsn, owner, cast, poll
) -> None:
    async def burst(program) -> list[str]:
        return [
            str(await publish_event(program, type="calendar:refresh", audience="role:STAFF"))
            for _ in range(12)
        ]

    programs = [await asyncpg.connect(dsn) for _ in range(3)]
    hello = (await poll(cast.luis_colleague))[0]
    published: list[str] = []
    heard: list[str] = []

    async def ask(hello):
        answer = await poll(cast.luis_colleague, hello.id, hello.data["signal"])
        assert not [m for m in answer if m.name == "resync"]
        heard.extend(m.data["id"] for m in answer if m.name == "calendar:refresh")
        return answer[0]

    for _ in range(15):
        bursts = asyncio.gather(*map(burst, programs))
        while not bursts.done():
            hello = await ask(hello)
        published.extend(chain(*await bursts))
    await until_dispatched(owner)
    await ask(hello)
    assert sorted(heard) == sorted(published)
    for program in programs:
        await program.close()


async def test_a_poll_with_a_signal_that_cannot_be_gets_resync(
    poll, publish, owner, cast, corridor
) -> None:
    await publish(type="calendar:refresh")
    await until_dispatched(owner)
    now = (await poll(cast.ana_admin))[0].data["signal"].partition("@")[2]
    for snapshot in (
        "garbage",
        "1:2",
        "9:3:",
        "٣:٣:",
        "99999999999999999999:1:",
        "9999999999999999999:9999999999999999999:",
        "1:9:5,",
        "1:1:7",
        "5:9:8,7",
    ):
        for signal in (snapshot, f"{snapshot}@{now}"):
            answer = await poll(cast.ana_admin, None, signal)
            assert [m.name for m in answer] == ["hello", "resync"], signal
            assert answer[1].data == {"scope": "live"}


async def test_a_poll_with_a_signal_older_than_what_is_kept_gets_resync(
    poll, publish, owner, cast, corridor
) -> None:
    hello = (await poll(cast.ana_admin))[0]
    await publish(type="calendar:refresh")
    await until_dispatched(owner)
    answer = await poll(cast.ana_admin, hello.id, hello.data["signal"])
    assert [m.name for m in answer] == ["hello", "calendar:refresh"]

    await owner.execute("update campana.signal set created_at = created_at - interval '61 seconds'")
    await corridor.clock.forget_signals()
    assert await owner.fetchval("select count(*) from campana.signal") == 0
    snapshot, _, taken = hello.data["signal"].partition("@")
    answer = await poll(cast.ana_admin, hello.id, f"{snapshot}@{int(taken) - 61}")
    assert [m.name for m in answer] == ["hello", "resync"]
    assert answer[1].data == {"scope": "live"}
