"""Access to the subject: an event about a sale reaches only who may see that sale."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from campana import users
from campana.domains import sales
from campana.domains.sales.drafts import Typed, checked
from campana.domains.sales.records import one
from campana.errors import NotFound
from tests.cast import person
from tests.corridor.conftest import everybody_hears, inbox_of, until_dispatched
from tests.post import deliver
from tests.waiting import eventually


@pytest.fixture
def titles(owner):
    """`await titles(member)`: what is in somebody's inbox."""

    async def titles(member):
        return [row["title"] for row in await inbox_of(owner, member)]

    return titles


@pytest.fixture
async def sale(db, cast):
    """A sale that Luis made, as a subject."""
    me = person(cast.luis_colleague)
    async with db.tenant(cast.norte, me.id) as tx:
        done = await sales.create(tx, me, checked(Typed("Marta", total="12.50")))
    return f"sale:{done.sale.id}"


async def test_row_and_live_message_come_to_whoever_may_see_the_sale(
    listen, publish, titles, sale, cast
) -> None:
    ana, luis, rosa = [
        await listen(member)
        for member in (cast.ana_admin, cast.luis_colleague, cast.rosa_colleague)
    ]
    eva = await listen(cast.eva_stranger)
    await publish(type="sale:updated", subject=sale, title="theirs")
    for ear in (ana, luis):
        await ear.hears("notification", title="theirs")
        await ear.hears("sale:updated", title="theirs")
    await everybody_hears(publish, [rosa, eva], "norte", "sur")
    for ear in (rosa, eva):
        assert not ear.named("sale:updated"), "they listen, and hear nothing of it"
    for member in (cast.rosa_colleague, cast.carlos_cook, cast.eva_stranger):
        assert "theirs" not in await titles(member)


@pytest.mark.parametrize("subject", ["sale:7", f"sale:{uuid4()}", "sale:7:8"])
async def test_a_sale_that_a_publisher_keeps_is_the_administrators(
    publish, owner, titles, cast, corridor, subject
) -> None:
    for audience in ("all", "role:STAFF | role:ADMIN", "user:luis@norte.test"):
        await publish(audience=audience, subject=subject, title=audience)
    await until_dispatched(owner)
    assert await titles(cast.ana_admin) == ["all", "role:STAFF | role:ADMIN"]
    assert await titles(cast.luis_colleague) == []


async def test_what_no_business_of_the_tenant_keeps_is_as_open_as_its_audience(
    publish, owner, titles, cast, corridor
) -> None:
    await owner.execute("update campana.tenant set modules = '{pos}' where slug = 'sur'")
    await publish(subject="note:7", title="nobody keeps notes")
    await publish(tenant="sur", subject="sale:7", title="no sales here")
    await until_dispatched(owner)
    assert await titles(cast.carlos_cook) == ["nobody keeps notes"]
    assert await titles(cast.leo_stranger) == ["no sales here"]


async def test_the_log_shows_the_audience_and_the_reason_as_they_were_written(
    publish, owner, sale, cast, corridor
) -> None:
    event_id = await publish(audience="role:STAFF", subject=sale)
    await until_dispatched(owner)
    said = await owner.fetchval("select audience from campana.event where id = $1", event_id)
    assert said == "role:STAFF"
    [row] = await inbox_of(owner, cast.luis_colleague)
    assert row["reason"] == "role:STAFF"


@pytest.mark.parametrize("how", ["scheduled", "collapsed", "by array", "with care"])
async def test_every_way_of_publishing_asks_for_the_right(
    publish, owner, titles, cast, corridor, db, how
) -> None:
    if how == "by array":
        items = '[{"type": "sale:created", "audience": "all", "subject": "sale:7", "title": "t"}]'
        async with db.tenant(cast.norte) as tx:
            await tx.fetch("select * from campana.publish_batch('norte', $1::text::jsonb)", items)
    else:
        more = {
            "scheduled": {"deliver_at": await owner.fetchval("select now() + interval '1 s'")},
            "collapsed": {"collapse_key": "c"},
            "with care": {"dedupe_key": "d"},
        }
        await publish(subject="sale:7", title="t", **more[how])
    if how == "scheduled":
        await owner.execute("update campana.scheduled set deliver_at = now()")
    await everybody_in(owner, cast)
    await until_dispatched(owner)
    assert await titles(cast.luis_colleague) == []


async def everybody_in(owner, cast) -> None:
    """Until Ana has it, who may see everything."""

    async def has_it() -> bool:
        return bool(await inbox_of(owner, cast.ana_admin))

    await eventually(has_it, 20)


async def test_rights_count_when_it_is_dispatched_not_when_it_was_published(
    publish, owner, db, titles, let_administer, cast
) -> None:
    await publish(subject="sale:7", title="waiting")
    await let_administer("STAFF", may=True)
    await deliver(db)
    assert await titles(cast.luis_colleague) == ["waiting"]
    assert await titles(cast.carlos_cook) == []


async def test_who_loses_the_right_loses_what_came_by_it(
    publish, owner, titles, let_administer, db, sale, cast, corridor
) -> None:
    await let_administer("STAFF", may=True)
    await publish(subject="sale:7", title="for administrators")
    await publish(subject=sale, title="of Luis")
    await publish(title="for all")
    await until_dispatched(owner)
    everything = ["for administrators", "of Luis", "for all"]
    assert await titles(cast.rosa_colleague) == everything

    await let_administer("STAFF", may=False)
    assert await titles(cast.rosa_colleague) == ["for all"]
    assert await titles(cast.luis_colleague) == ["of Luis", "for all"]
    [_created, *rest] = await titles(cast.ana_admin)
    assert rest == everything
    assert await owner.fetchval("select campana.unread_drift(1000)") == 0

    await users.change_role(db, cast.norte, cast.carlos_cook.id, "ADMIN", actor="test")
    await users.change_role(db, cast.norte, cast.ana_admin.id, "COOK", actor="test")
    assert await titles(cast.ana_admin) == ["for all"]
    assert await owner.fetchval("select campana.unread_drift(1000)") == 0


async def test_whom_the_database_lets_see_a_sale_are_those_for_whom_the_page_opens(
    db, owner, sale, cast
) -> None:
    """One rule, said in SQL and in Python."""
    for member in cast.of("norte"):
        who = person(member)
        async with db.tenant(cast.norte, who.id) as tx:
            may_see = await tx.fetchval(
                "select campana.may_see($1, $2, $3)", cast.norte, member.id, sale
            )
            opens = True
            try:
                await one(tx, who, UUID(sale.partition(":")[2]))
            except NotFound:
                opens = False
        assert may_see == opens, member.email
