"""The log: what was told to whom, found without looking at all; what failed is tried again."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

import html
import re

from campana import users
from campana.administration import event_log
from campana.administration.event_log import Filter
from tests.corridor.conftest import http, inbox_of, listen, publish, site
from tests.corridor.test_poison import spoilt
from tests.handlers.admin import look, send
from tests.post import post
from tests.waiting import eventually


async def titles(db, cast, **which):
    async with db.tenant(cast.norte) as tx:
        found = await event_log.page(tx, cast.norte, Filter(**which))
    return [row["title"] for row in found.rows]


async def test_whom_an_audience_names_by_id_is_shown_by_name(db, client, cast) -> None:
    luis, rosa = cast.luis_colleague, cast.rosa_colleague
    [trial] = await post(db, {"audience": f"user:{luis.id}", "title": "Prueba"})
    await post(db, {"audience": f"user:{luis.id} | role:COOK | user:{rosa.id}"})
    ana = await client(cast.ana_admin)
    page = html.unescape((await look(ana, "/admin/log")).text)
    assert "<code>Luis Colega</code>" in page
    assert 'user:"Luis Colega" | role:COOK | user:"Rosa Colega"' in page
    assert "<code>Luis Colega</code>" in (await look(ana, f"/admin/log/{trial}")).text
    why = await look(ana, f"/admin/log/{trial}/why?person={luis.email}")
    assert "(Luis Colega)" in why.text
    assert str(rosa.id) not in page


async def test_events_are_listed_with_audience_recipients_and_latency(db, client, cast) -> None:
    await post(db, {"title": "Uno", "audience": "role:ADMIN"}, {"title": "Dos"})
    await post(db, {"title": "Ajeno"}, tenant="sur")
    text = (await look(await client(cast.ana_admin), "/admin/log")).text
    assert re.findall(r"dir=\"auto\">(\w+)</a>", text) == ["Dos", "Uno"]
    assert "role:ADMIN" in text
    assert "Ajeno" not in text
    assert re.findall(r'class="amount log-wide">(\d+)</td>', text) == ["4", "1"]


async def test_filters_look_so_far_and_say_where_to_go_on(db, cast, monkeypatch) -> None:
    await post(db, {"title": "Aguja", "type": "stock:low"}, *({"title": "Paja"},) * 6)
    assert await titles(db, cast, type="stock:low") == ["Aguja"]
    monkeypatch.setattr(event_log, "SPAN", 3)
    async with db.tenant(cast.norte) as tx:
        before, looks = None, 0
        while True:
            which = Filter(type="stock:low", before=before)
            found = await event_log.page(tx, cast.norte, which)
            looks += 1
            if found.rows or found.older is None:
                break
            assert found.is_cut
            before = found.older
    assert ([row["title"] for row in found.rows], looks) == (["Aguja"], 3)


async def test_a_period_an_actor_and_a_subject_find_what_they_name(db, owner, cast) -> None:
    await post(
        db,
        {"title": "Hecho", "actor": cast.luis_colleague.email, "subject": "sale:7"},
        {"title": "Otro"},
    )
    soon = await owner.fetchval("select now() + interval '1 hour'")
    assert await titles(db, cast, actor=cast.luis_colleague.id) == ["Hecho"]
    assert await titles(db, cast, subject="sale:7") == ["Hecho"]
    assert await titles(db, cast, since=soon) == []
    assert await titles(db, cast, until=soon) == ["Otro", "Hecho"]


async def test_a_person_is_told_beside_every_event(db, client, cast) -> None:
    await post(db, {"title": "Solo Ana", "audience": "role:ADMIN"}, {"title": "Todos"})
    ana = await client(cast.ana_admin)
    text = (await look(ana, f"/admin/log?person={cast.luis_colleague.email}")).text
    assert text.count("state state-on") == text.count("state state-off") == 1
    assert text.count("/why?person=luis") == 2
    nobody = await look(ana, f"/admin/log?person={cast.eva_stranger.email}")
    assert (nobody.status, "empty-title" in nobody.text) == (200, True)


async def test_recipients_are_searched_and_what_became_of_each_is_told(db, client, cast) -> None:
    [event] = await post(db, {"title": "Hola"})
    luis = await client(cast.luis_colleague)
    await luis.post(f"/api/notifications/{event}/read")
    ana = await client(cast.ana_admin)
    text = (await look(ana, f"/admin/log/{event}")).text
    assert all(one.name in text for one in cast.of("norte") if one != cast.ines_inactive)
    found = (await look(ana, f"/admin/log/{event}?q=LUIS", **{"HX-Request": "true"})).text
    assert "Luis Colega" in found
    assert "Rosa Colega" not in found
    assert "state state-on" in found


async def test_what_failed_is_tried_again_or_discarded(
    live_app, dsn, publish, listen, client, cast, owner
) -> None:
    luis = await listen(cast.luis_colleague)
    first = await spoilt(dsn, title="first")
    second = await spoilt(dsn, title="second")

    async def are_aside():
        return await owner.fetchval("select count(*) = 2 from campana.poison")

    await eventually(are_aside)
    ana = await client(cast.ana_admin)
    assert "/admin/log/set-aside" in (await look(ana, "/admin/log")).text
    await owner.execute(
        'update campana.poison set body = body || \'{"rule": ["all"]}\' where event_id = $1', first
    )
    answer = await send(ana, f"/admin/log/set-aside/{first}/try-again")
    assert (answer.status, answer.location) == (303, "/admin/log/set-aside?done=tried")
    await luis.hears("notification", title="first")
    assert (await send(ana, f"/admin/log/set-aside/{first}/discard")).status == 409
    assert (await send(ana, f"/admin/log/set-aside/{second}/discard")).status == 303
    assert (await send(ana, f"/admin/log/set-aside/{second}/try-again")).status == 404
    assert await owner.fetchval("select count(*) from campana.poison") == 0
    done = await owner.fetch(
        "select action from campana.audit where actor = $1 order by id", "ana@norte.test"
    )
    assert [row["action"] for row in done] == ["event.try_again", "event.discard"]
