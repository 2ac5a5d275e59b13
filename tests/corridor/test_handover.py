"""What a dispatcher hands to the hub of its own process is what the hub would have asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana import inbox, live, rules
from campana.news import MOST_HANDED, News
from campana.outbox import Tenants, dispatch
from campana.publish import publish_many
from campana.signals import Hint, SharedNews
from tests.cast import person
from tests.corridor.conftest import (
    ear_of,
    everybody_hears,
    http,  # noqa: F401
    listen,  # noqa: F401
    publish,  # noqa: F401
    publish_event,
    signed_in_ear,
    site,  # noqa: F401
    until_dispatched,
)
from tests.waiting import eventually

AUDIENCES = ("all", "role:ADMIN", "!role:ADMIN", "user:luis@norte.test")
EVERYBODY = 1_000
"""As many connected as anybody could ask for."""


async def round_of(db, tenant, *items, here=EVERYBODY):
    """Publishes events together and dispatches them in one round; the hints told."""
    hints = []
    async with db.bus() as tx:
        async with tx.transaction():
            outcomes = await publish_many(tx, tenant, list(items))
        assert not [outcome for outcome in outcomes if outcome.code], outcomes
        await dispatch(tx, Tenants(), hints.append, here=lambda _: here)
    return hints


def event(audience, **more):
    return {"type": "sale:created", "audience": audience, "title": "Venta", **more}


async def in_the_inbox(owner, tenant_id, event_ids):
    """Per reader what the tables say: these events with their masks, by seq; and the head."""
    rows = await owner.fetch(
        "select i.user_id, array_agg(i.event_id order by i.seq) as events,"
        " array_agg(i.channels order by i.seq) as masks, h.seq, h.unread, h.rev"
        " from campana.inbox i join campana.inbox_head h using (tenant_id, user_id)"
        " where i.tenant_id = $1 and i.event_id = any ($2)"
        " group by i.user_id, h.seq, h.unread, h.rev",
        tenant_id,
        event_ids,
    )
    return {row["user_id"]: tuple(row)[1:] for row in rows}


def as_handed(hint):
    return {
        user_id: (list(news.event_ids), list(news.masks), *place)
        for news in hint.news
        for user_id, *place in zip(news.user_ids, news.seqs, news.unreads, news.revs, strict=True)
    }


@settings(max_examples=25)
@given(said=st.lists(st.tuples(st.sampled_from(AUDIENCES), st.booleans()), min_size=1, max_size=8))
async def test_news_are_what_the_inboxes_hold(db, owner, cast, said) -> None:
    actor = {"actor": cast.ana_admin.email}
    events = [event(audience, **(actor if acted else {})) for audience, acted in said]
    (hint,) = await round_of(db, "norte", *events)
    ids = [signal["event_id"] for signal in hint.signals]
    assert as_handed(hint) == await in_the_inbox(owner, cast.norte, ids)


async def test_hearers_are_the_audience_whoever_acted_and_whatever_they_want(
    db, owner, cast
) -> None:
    await owner.execute(
        "insert into campana.tenant_preference (tenant_id, type, value, chosen, locked)"
        " values ($1, 'sale:created', 0, 15, 15)",
        cast.norte,
    )
    (hint,) = await round_of(db, "norte", event("role:ADMIN", actor=cast.ana_admin.email))
    assert hint.news == []
    (signal,) = hint.signals
    admins = [person.id for person in cast.of("norte") if person.role == "ADMIN"]
    assert sorted(signal["hearers"]) == sorted(admins)


async def test_where_few_are_connected_the_hub_asks(db, cast) -> None:
    (hint,) = await round_of(db, "norte", event("all"), here=0)
    assert hint.news is None
    assert hint.signals[0]["hearers"] is None


@pytest.mark.parametrize(
    ("what", "news"),
    [({"type": "calendar:refresh"}, []), ({"collapse_key": "k"}, None)],
    ids=["live only", "collapsing"],
)
async def test_nothing_is_handed_over_where_nothing_lasts_or_something_moves(
    db, cast, what, news
) -> None:
    (hint,) = await round_of(db, "norte", event("all", **what))
    assert hint.news == news


async def test_more_than_may_wait_is_not_taken_at_all(db, cast) -> None:
    news = News(db)
    one = SharedNews([uuid4()], [15], [cast.ana_admin.id], [1], [1], [0])
    assert not news.note(cast.norte, [one] * (MOST_HANDED + 1))
    assert news.take() == []
    assert news.note(cast.norte, [one] * MOST_HANDED)
    assert not news.note(cast.norte, [one])
    assert len(news.take()) == MOST_HANDED


async def test_a_rule_for_one_person_is_known_for_one_guarded_or_not(owner, cast) -> None:
    luis = cast.luis_colleague
    for audience, subject, one in (
        (f"user:{luis.email}", None, luis.id),
        (f"user:{luis.email}", "sale:7", luis.id),
        (f"!user:{luis.email}", "sale:7", None),
        (f"user:{luis.email} | role:ADMIN", None, None),
        ("all", None, None),
        ("all", "sale:7", None),
    ):
        event_id = await publish_event(owner, audience=audience, subject=subject)
        rule = await owner.fetchval(
            "select rule::text from campana.outbox where event_id = $1", event_id
        )
        assert rules.the_one(orjson.loads(rule)) == one, rule


class Gate:
    """While it is shut, no stream is admitted: somebody comes, and the hub waits where it asks for
    their session."""

    def __init__(self, holding, hub, late, member) -> None:
        self._holding, self._hub, self._late, self._member = holding, hub, late, member

    async def shut(self) -> None:
        await self._holding.execute("begin; lock table campana.session in access exclusive mode")
        await self._late.open()
        waiting = (
            "select count(*) from pg_locks"
            " where relation = 'campana.session'::regclass and not granted"
        )
        await eventually(lambda: self._holding.fetchval(waiting))

    async def open(self) -> None:
        await self._holding.execute("rollback")

    def before_the_greeting(self, happens: Callable[[], None]) -> None:
        """Whoever is greeted is written to before those to whom something was handed over."""
        (stream,) = self._hub.connected.of(self._member.tenant_id, [self._member.id])
        stream.transport = Before(stream.transport, happens)


class Before:
    """A transport; something happens before the first that is written to it."""

    def __init__(self, transport: Any, happens: Callable[[], None]) -> None:
        self._transport, self._happens = transport, happens

    def write(self, data: bytes) -> None:
        happens, self._happens = self._happens, lambda: None
        happens()
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@pytest.fixture
async def gate(without_sweeps, dsn, corridor, http, site, cast):  # noqa: F811
    """Asked for first, since nobody may sweep before."""
    holding, member = await asyncpg.connect(dsn), cast.rosa_colleague
    late = ear_of(http, site, member, cast.norte_key)
    yield Gate(holding, corridor.hub, late, member)
    await late.cut()
    await holding.close()


async def test_what_was_deleted_before_the_hub_came_to_it_is_not_shown(
    gate,
    db,
    owner,
    listen,  # noqa: F811
    publish,  # noqa: F811
    cast,
    corridor,
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    await gate.shut()
    event_id = await publish(title="handed over while the hub waits")
    await until_dispatched(owner)
    await inbox.apply(db, person(cast.ana_admin), inbox.delete, [event_id])
    (stream,) = corridor.hub.connected.of(cast.norte, [cast.ana_admin.id])
    await eventually(lambda: stream in corridor.hub._dirty)
    await gate.open()
    await everybody_hears(publish, [ana, luis])
    assert [n["title"] for n in luis.notifications] == [
        "handed over while the hub waits",
        "the end",
    ]
    assert [n["title"] for n in ana.notifications] == ["the end"]
    await ana.hears("unread", count=1)


async def test_who_lost_a_right_while_the_hub_waited_hears_nothing_by_it(
    gate,
    owner,
    listen,  # noqa: F811
    publish,  # noqa: F811
    cast,
    monkeypatch,
) -> None:
    """Behind our back: nobody doubts the stream, and the dispatcher has named its reader."""
    monkeypatch.setattr(live, "NAMED_FOR", 0)
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    await gate.shut()
    await publish(type="calendar:refresh", audience="all")
    await publish(type="sale:created", audience="role:ADMIN")
    await until_dispatched(owner)
    await owner.execute("update campana.users set role = 'STAFF' where id = $1", cast.ana_admin.id)
    await gate.open()
    await everybody_hears(publish, [ana, luis])
    await ana.hears("calendar:refresh")
    assert not ana.named("sale:created")


async def test_who_is_doubted_while_others_are_written_to_hears_nothing_either(
    gate,
    db,
    owner,
    http,  # noqa: F811
    site,  # noqa: F811
    publish,  # noqa: F811
    cast,
    corridor,
) -> None:
    ears = [(await signed_in_ear(db, http, site, m))[0] for m in (cast.ana_admin, cast.carlos_cook)]
    await owner.execute("delete from campana.session")
    await gate.shut()
    await publish()
    await until_dispatched(owner)
    doubt = Hint(cast.norte, [cast.ana_admin.id, cast.carlos_cook.id], checks=True)
    gate.before_the_greeting(lambda: corridor.hub.hint(doubt))
    await gate.open()
    for ear in ears:
        await ear.hears("bye", reason="signed_out")
        assert not ear.notifications


async def test_who_is_hinted_at_while_others_are_written_to_asks(
    gate,
    db,
    owner,
    listen,  # noqa: F811
    publish,  # noqa: F811
    cast,
    corridor,
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    await gate.shut()
    event_id = await publish(title="deleted meanwhile")
    await until_dispatched(owner)
    async with db.tenant(cast.norte) as tx:  # and the hint of it comes late
        await inbox.delete(tx, person(cast.ana_admin), [event_id])
    hint = Hint(cast.norte, [cast.ana_admin.id])
    gate.before_the_greeting(lambda: corridor.hub.hint(hint))
    await gate.open()
    await everybody_hears(publish, [ana, luis])
    assert [n["title"] for n in ana.notifications] == ["the end"]
    assert [n["title"] for n in luis.notifications] == ["deleted meanwhile", "the end"]


async def test_what_is_gone_before_the_hub_comes_to_it_takes_nothing_else_along(
    gate,
    owner,
    listen,  # noqa: F811
    publish,  # noqa: F811
    cast,
    corridor,
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    (stream,) = corridor.hub.connected.of(cast.norte, [cast.ana_admin.id])
    gone = SharedNews([uuid4()], [15], [cast.ana_admin.id], [stream.cursor + 1], [1], [0])
    await gate.shut()
    corridor.hub.hint(Hint(cast.norte, [cast.ana_admin.id], news=[gone]))
    await publish(type="calendar:refresh", audience=f"user:{cast.luis_colleague.email}")
    await until_dispatched(owner)
    await gate.open()
    await everybody_hears(publish, [ana, luis])
    await luis.hears("calendar:refresh")
    assert [n["title"] for n in ana.notifications] == ["the end"]


@pytest.mark.parametrize("key", [None, "k"], ids=["all handed over", "one to be asked for"])
async def test_several_rounds_in_a_tick_come_once_and_in_order(
    gate,
    owner,
    listen,  # noqa: F811
    publish,  # noqa: F811
    cast,
    key,
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    await gate.shut()
    for title, more in (("one", {}), ("two", {"collapse_key": key}), ("three", {})):
        await publish(title=title, **more)
        await until_dispatched(owner)
    await gate.open()
    await everybody_hears(publish, [ana, luis])
    for ear in (ana, luis):
        assert [n["title"] for n in ear.notifications] == ["one", "two", "three", "the end"]
        await ear.hears("unread", count=4)


async def test_signs_that_mean_something_to_us_arrive_as_they_were_written(
    db,
    http,  # noqa: F811
    site,  # noqa: F811
    listen,  # noqa: F811
    publish,  # noqa: F811
    cast,
) -> None:
    """Handed over and asked for, to programs and pages; two streams of one person."""
    text, data = "100 % de %d, %(x)s, %% y %b", {"%s": "%d%%", "url": "/a?b=%25"}
    program = await listen(cast.ana_admin)
    page, _token = await signed_in_ear(db, http, site, cast.ana_admin, "/stream")
    stood = program.last_id
    await publish(title=text, data=data, message=text)
    await publish(title="%", url="/a?b=%25")
    await program.hears("notification", title="%")
    await page.hears("notification", title="%")
    late = await listen(cast.ana_admin, last_id=stood)
    await late.hears("notification", title="%")
    for ear in (program, page, late):
        assert [n["title"] for n in ear.notifications] == [text, "%"]
        assert ear.notifications[0]["message"] == text
        assert ear.notifications[1]["url"] == "/a?b=%25"
    assert program.notifications[0]["data"] == late.notifications[0]["data"] == data
    assert text in page.notifications[0]["toast"]
    await page.cut()


async def test_others_are_told_unless_there_are_none(db, owner, cast) -> None:
    await owner.execute("delete from campana.dispatcher")
    (hint,) = await round_of(db, "norte", event("all"))
    assert hint.is_private
    await owner.execute(
        "insert into campana.dispatcher (id, awake, beat) values ($1, false, now())", uuid4()
    )
    (hint,) = await round_of(db, "norte", event("all"))
    assert not hint.is_private


async def test_a_stream_hears_what_somebody_hears_who_asks_later(listen, publish, cast) -> None:  # noqa: F811
    people = [cast.ana_admin, cast.luis_colleague]
    ears = [await listen(member) for member in people]
    stood = [ear.last_id for ear in ears]
    for audience in AUDIENCES:
        await publish(audience=audience, title=audience)
    await everybody_hears(publish, ears)
    for member, ear, last_id in zip(people, ears, stood, strict=True):
        late = await listen(member, last_id=last_id)
        await late.hears("notification", title="the end")
        assert notifications(late) == notifications(ear)


def notifications(ear):
    return [(one.id, one.data) for one in ear.messages if one.name == "notification"]
