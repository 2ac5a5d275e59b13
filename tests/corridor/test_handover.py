"""What a dispatcher hands to the hub of its own process is what the hub would have asked for."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campana.outbox import Tenants, dispatch
from campana.publish import publish_many
from tests.corridor.conftest import everybody_hears, http, listen, publish, site  # noqa: F401

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


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
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
    ears = [await listen(person) for person in people]
    stood = [ear.last_id for ear in ears]
    for audience in AUDIENCES:
        await publish(audience=audience, title=audience)
    await everybody_hears(publish, ears)
    for person, ear, last_id in zip(people, ears, stood, strict=True):
        late = await listen(person, last_id=last_id)
        await late.hears("notification", title="the end")
        assert notifications(late) == notifications(ear)


def notifications(ear):
    return [(one.id, one.data) for one in ear.messages if one.name == "notification"]
