"""Topics: who may join which, what is heard from then on, and how it ends."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from campana import topics, users
from campana.domains import sales
from campana.domains.sales.drafts import Draft
from tests.cast import person_of
from tests.corridor.conftest import http, inbox_of, listen, publish, site
from tests.handlers.admin import look, send
from tests.post import deliver, post


@pytest.fixture
async def sale(db, cast):
    """A sale of Luis's, as the name of its topic."""
    luis = await person_of(db, cast.luis_colleague)
    draft = Draft("Marta", Decimal("12.50"), "USD")
    async with db.tenant(cast.norte, luis.id) as tx:
        done = await sales.create(tx, luis, draft)
    return f"sale:{done.sale.id}"


@pytest.fixture
async def ask(client, cast):
    """`await ask(member, "join", topic)`: status and answer."""
    browsers = {}

    async def ask(member, verb, topic, **headers):
        if member.email not in browsers:
            browsers[member.email] = await client(member)
        browser = browsers[member.email]
        path = f"/api/topics/{topic}/{verb}"
        answer = await browser.post(path, headers=headers, allow_redirects=False)
        said = await answer.json() if "json" in answer.content_type else await answer.text()
        return answer.status, said

    return ask


async def test_whoever_joins_hears_from_the_next_event_on(
    live_app, ask, listen, publish, cast, sale
) -> None:
    luis, ana = await listen(cast.luis_colleague), await listen(cast.ana_admin)
    await publish(audience=f"topic:{sale} | role:ADMIN", title="before")
    await ana.hears("notification", title="before")

    assert await ask(cast.luis_colleague, "join", sale) == (
        200,
        {"topic": sale, "joined": True, "changed": True},
    )
    await publish(audience=f"topic:{sale} | role:ADMIN", title="meanwhile")
    await luis.hears("notification", title="meanwhile")

    assert (await ask(cast.luis_colleague, "leave", sale))[1]["changed"] is True
    await publish(audience=f"topic:{sale} | role:ADMIN", title="after")
    await publish(audience="all", title="the end")
    for ear in (ana, luis):
        await ear.hears("notification", title="the end")
    assert [one["title"] for one in luis.notifications] == ["meanwhile", "the end"]
    assert luis.connections == 1


async def test_the_business_says_who_may_join(ask, cast, sale) -> None:
    assert (await ask(cast.luis_colleague, "join", sale))[0] == 200, "who made it"
    assert (await ask(cast.ana_admin, "join", sale))[0] == 200, "who administers"
    for member in (cast.rosa_colleague, cast.eva_stranger):
        status, said = await ask(member, "join", sale)
        assert (status, said["code"]) == (404, "not_found")
    written_otherwise = f"sale:{sale.partition(':')[2].upper()}", sale.replace("-", "")
    for topic in ("sale:imagined", f"sale:{uuid4()}", *written_otherwise):
        status, said = await ask(cast.ana_admin, "join", topic)
        assert (status, said["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "topic", ["weather:1", "sale", "sale:", ":1", "Sale:1", "sale:%20", "sale:a%22b", "x" * 200]
)
async def test_what_is_no_topic_is_said(ask, cast, topic) -> None:
    status, said = await ask(cast.ana_admin, "join", topic)
    assert (status, said["code"]) == (404, "unknown_topic")
    assert "sale:<id>" in said["hint"]
    assert (await ask(cast.ana_admin, "leave", topic))[1]["changed"] is False


async def test_joining_twice_is_joining_once(ask, owner, cast, sale) -> None:
    for changed in (True, False):
        assert (await ask(cast.luis_colleague, "join", sale))[1]["changed"] is changed
    assert await owner.fetchval("select count(*) from campana.topic_subscription") == 1
    for changed in (True, False):
        assert (await ask(cast.luis_colleague, "leave", sale))[1]["changed"] is changed


async def test_a_person_sees_the_own_topics_and_has_so_many(
    client, ask, db, owner, cast, sale
) -> None:
    await owner.execute(
        "insert into campana.topic_subscription (tenant_id, topic, user_id)"
        " select $1, 'sale:' || n, $2 from generate_series(1, 100) n",
        cast.norte,
        cast.ana_admin.id,
    )
    status, said = await ask(cast.ana_admin, "join", sale)
    assert (status, said["code"]) == (409, "too_many_topics")
    assert "Leave one" in said["hint"]
    await ask(cast.ana_admin, "leave", "sale:1")
    assert (await ask(cast.ana_admin, "join", sale))[0] == 200

    told = await (await (await client(cast.ana_admin)).get("/api/topics")).json()
    assert (len(told["topics"]), told["most"]) == (100, topics.MOST)
    assert sale in told["topics"]
    assert "sale" in told["kinds"]
    luis = await client(cast.luis_colleague)
    assert (await (await luis.get("/api/topics")).json())["topics"] == []


async def test_a_new_role_ends_what_the_old_one_joined(db, ask, owner, cast, sale) -> None:
    for member in (cast.ana_admin, cast.luis_colleague):
        await ask(member, "join", sale)
    await users.change_role(db, cast.norte, cast.luis_colleague.id, "COOK", actor="test")
    followers = await owner.fetch("select user_id from campana.topic_subscription")
    assert [row["user_id"] for row in followers] == [cast.ana_admin.id]


async def test_a_program_joins_for_the_person_it_acts_for(client, cast, sale) -> None:
    program = await client()
    path = f"/api/topics/{sale}/join"
    for key, who, status in (
        (cast.norte_key, cast.luis_colleague, 200),
        (cast.norte_key, cast.rosa_colleague, 404),
        (cast.norte_publish_key, cast.luis_colleague, 403),
        (cast.sur_key, cast.luis_colleague, 404),
    ):
        answer = await program.post(path, params={"user": who.email}, headers={"X-API-Key": key})
        assert answer.status == status
    assert (await program.post(path, headers={"X-API-Key": cast.norte_key})).status == 422
    assert (await program.post(path)).status == 401


async def test_pages_get_the_button_that_is_next_and_forms_go_back(ask, cast, sale) -> None:
    for verb, then in (("join", "leave"), ("leave", "join")):
        status, said = await ask(cast.luis_colleague, verb, sale, **{"HX-Request": "true"})
        assert status == 200
        assert f'id="topic_{sale}"' in said
        assert f'action="/api/topics/{sale.replace(":", "%3A")}/{then}"' in said
    assert (await ask(cast.luis_colleague, "join", sale, Accept="text/html"))[0] == 303


async def test_joining_and_leaving_are_client_events(ask, cast) -> None:
    statuses = [(await ask(cast.luis_colleague, "join", "weather:1"))[0] for _ in range(101)]
    assert statuses == [404] * 100 + [429]


async def test_whoever_follows_a_sale_by_its_page_hears_what_becomes_of_it(
    db, client, cast, owner, sale
) -> None:
    page = f"/sales/{sale.partition(':')[2]}"
    luis, ana = await client(cast.luis_colleague), await client(cast.ana_admin)
    drawn = await look(luis, page)
    assert f'action="/api/topics/{sale.replace(":", "%3A")}/join"' in drawn.text
    html = {"Accept": "text/html", "Referer": f"{luis.make_url(page)}"}
    answer = await luis.post(f"/api/topics/{sale}/join", headers=html, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, page), "without JavaScript too"
    assert "Dejar de seguir" in (await look(luis, page)).text
    assert "Dejar de seguir" not in (await look(ana, page)).text, "each for themselves"

    await send(ana, f"{page}/cancel", {"reason": "Sin fondos"})
    await deliver(db)
    [row] = await inbox_of(owner, cast.luis_colleague)
    assert row["reason"] == f"topic:{sale}"
    assert "porque sigues esta venta" in (await look(luis, "/notifications")).text
    assert await inbox_of(owner, cast.rosa_colleague) == []
