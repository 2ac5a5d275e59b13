"""The notification centre over HTTP: for programs, for htmx, and without JavaScript."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest

from handlers.shapes import Changed, ChangedMany, NotificationList
from tests.post import post

FORM = {"Accept": "text/html,application/xhtml+xml"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
async def ana(client, cast):
    return await client(cast.ana_admin)


@pytest.fixture
async def eva(client, cast):
    return await client(cast.eva_stranger)


async def listed(browser, **query):
    answer = await browser.get("/api/notifications", params=query)
    told = await answer.json()
    assert answer.status == 200, told
    NotificationList.model_validate(told)
    return told


async def test_the_list_is_the_readers_own(db, cast, ana, eva, client):
    (mine,) = await post(
        db,
        {
            "audience": f"user:{cast.ana_admin.email}",
            "title": "Hola",
            "message": "¿Qué tal?",
            "data": {"saleId": 7},
            "url": "/sales",
            "subject": "sale:7",
            "actions": [{"name": "view", "label": "Ver", "url": "/sales/7"}],
        },
    )
    (theirs,) = await post(db, tenant="sur")

    told = await listed(ana)
    (row,) = told["notifications"]
    assert row == {
        "id": str(mine),
        "seq": 1,
        "type": "sale:created",
        "title": "Hola",
        "message": "¿Qué tal?",
        "priority": "medium",
        "variant": "success",
        "data": {"saleId": 7},
        "actions": [{"name": "view", "label": "Ver", "url": "/sales/7", "method": "get"}],
        "url": "/sales",
        "createdAt": row["createdAt"],
        "isRead": False,
        "reason": "user",
        "subject": "sale:7",
        "isMuted": False,
    }
    assert told["pagination"] == {
        "page": 1,
        "limit": 20,
        "total": 1,
        "totalIsCapped": False,
        "pages": 1,
        "nextCursor": None,
    }
    assert [row["id"] for row in (await listed(eva))["notifications"]] == [str(theirs)]
    luis = await client(cast.luis_colleague)
    assert (await listed(luis))["notifications"] == []
    assert (await (await client()).get("/api/notifications")).status == 401


async def test_a_key_lists_for_a_person_of_its_tenant_only(db, cast, client):
    (sent,) = await post(db, {"audience": "role:ADMIN"})
    program = await client()

    async def ask(key, **query):
        answer = await program.get("/api/notifications", params=query, headers={"X-API-Key": key})
        return answer.status, await answer.json()

    status, told = await ask(cast.norte_key, user=cast.ana_admin.email)
    assert (status, told["notifications"][0]["id"]) == (200, str(sent))
    status, told = await ask(cast.norte_key)
    assert (status, told["field"]) == (422, "user")
    assert (await ask(cast.norte_read_key, user=cast.ana_admin.email))[0] == 403
    assert (await ask(cast.norte_publish_key))[0] == 403
    assert (await ask(cast.sur_key, user=cast.ana_admin.email))[0] == 404
    assert (await ask(cast.norte_revoked_key, user=cast.ana_admin.email))[0] == 401


async def test_pages_by_number_and_by_cursor_show_the_same(db, ana):
    ids = [str(sent) for sent in await post(db, *[{} for _ in range(7)])][::-1]

    second = await listed(ana, page=2, limit=3)
    assert [row["id"] for row in second["notifications"]] == ids[3:6]
    assert (second["pagination"]["total"], second["pagination"]["pages"]) == (7, 3)

    first = await listed(ana, limit=3)
    going_on = await listed(ana, limit=3, cursor=first["pagination"]["nextCursor"])
    assert [row["id"] for row in going_on["notifications"]] == ids[3:6]
    assert going_on["pagination"]["page"] is None
    last = await listed(ana, limit=3, cursor=going_on["pagination"]["nextCursor"])
    assert [row["id"] for row in last["notifications"]] == ids[6:]
    assert last["pagination"]["nextCursor"] is None


async def test_the_list_can_be_filtered_and_searched(db, ana):
    sale, stock = await post(db, {"title": "Café"}, {"type": "stock:low", "title": "Té"})
    await ana.post(f"/api/notifications/{sale}/read")

    async def ids(**query):
        return [row["id"] for row in (await listed(ana, **query))["notifications"]]

    assert await ids(unread="true") == [str(stock)]
    assert await ids(unread="false", type="", q="") == [str(stock), str(sale)]
    assert await ids(type="sale:created") == [str(sale)]
    assert await ids(q="CAFE") == [str(sale)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=101&limit=100", "page"),
        ("page=99999999999999999999", "page"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("unread=perhaps", "unread"),
        ("cursor=zzz", "cursor"),
        ("cursor=YmVmb3JlOjA", "cursor"),
        ("cursor=ñ", "cursor"),
        (f"q={'x' * 201}", "q"),
        (f"type={'x' * 81}", "type"),
    ],
)
async def test_a_question_that_makes_no_sense_is_told_which_part(ana, query, field):
    answer = await ana.get(f"/api/notifications?{query}")
    told = await answer.json()
    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert [fault["field"] for fault in told["errors"]] == [field]


async def test_a_program_reads_deletes_and_restores(db, ana):
    (sent,) = await post(db)

    async def change(method, path):
        answer = await ana.request(method, f"/api/notifications/{sent}{path}")
        told = await answer.json()
        Changed.model_validate(told)
        return answer.status, told["changed"], told["unread"], told["rev"]

    assert await change("PATCH", "/read") == (200, True, 0, 1)
    assert await change("POST", "/read") == (200, False, 0, 1)
    assert await change("POST", "/unread") == (200, True, 1, 2)
    assert await change("DELETE", "") == (200, True, 0, 3)
    assert await change("POST", "/delete") == (200, False, 0, 3)
    assert await change("POST", "/restore") == (200, True, 1, 4)


@pytest.mark.parametrize("verb", ["read", "unread", "delete", "restore"])
async def test_not_yours_is_not_found(db, client, cast, ana, verb):
    (theirs,) = await post(db, tenant="sur")
    (colleagues,) = await post(db, {"audience": f"user:{cast.luis_colleague.email}"})
    for foreign in (theirs, colleagues, uuid4(), "nonsense", "%00", "..%2f..", "ñ" * 100):
        answer = await ana.post(f"/api/notifications/{foreign}/{verb}")
        assert answer.status == (400 if foreign == "%00" else 404), foreign
    assert (await (await client()).post(f"/api/notifications/{theirs}/{verb}")).status == 401


async def test_read_all_and_clear_reach_up_to_what_was_seen(db, ana):
    await post(db, {}, {}, {})

    async def ask(what, **body):
        answer = await ana.post(f"/api/notifications/{what}", **body)
        told = await answer.json()
        if answer.status == 200:
            ChangedMany.model_validate(told)
        return answer.status, told

    assert await ask("read-all", json={"upTo": 1}) == (200, {"changed": 1, "unread": 2, "rev": 1})
    assert await ask("read-all", data={"upTo": "2"}) == (200, {"changed": 1, "unread": 1, "rev": 2})
    assert await ask("clear", json={"up_to": 2}) == (200, {"changed": 2, "unread": 1, "rev": 3})
    assert await ask("read-all") == (200, {"changed": 1, "unread": 0, "rev": 4})

    for body in ({"upTo": 4}, {"upTo": -1}, {"upTo": "x"}, {"upTo": 2**70}):
        status, told = await ask("read-all", json=body)
        assert (status, told["errors"][0]["field"]) == (422, "upTo"), body
    status, told = await ask("clear", json={"upto": 1})
    assert (status, told["errors"][0]["hint"]) == (422, "Did you mean upTo?")
    assert (await ask("clear", data=b"{", headers={"Content-Type": "application/json"}))[0] == 400
    assert (await ask("clear", data=b"x", headers={"Content-Type": "text/plain"}))[0] == 415


async def test_htmx_gets_the_changed_row(db, ana):
    (sent,) = await post(db, {"title": "<b>Hola</b>"})

    answer = await ana.post(f"/api/notifications/{sent}/read", headers=HTMX)
    row = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert f'id="n-{sent}"' in row
    assert "/unread" in row
    assert "&lt;b&gt;Hola" in row

    answer = await ana.post(f"/api/notifications/{sent}/delete", headers=HTMX)
    assert (answer.status, await answer.text()) == (200, "")
    answer = await ana.post(f"/api/notifications/{sent}/restore", headers=HTMX)
    assert f'id="n-{sent}"' in await answer.text()
    answer = await ana.post("/api/notifications/read-all", headers=HTMX)
    assert (answer.status, await answer.text()) == (200, "")


async def test_a_form_comes_back_to_the_page_it_was_on(db, ana):
    (sent,) = await post(db)
    origin = f"http://{ana.host}:{ana.port}"

    async def submit(referer):
        headers = {**FORM, **({"Referer": referer} if referer else {})}
        answer = await ana.post(
            f"/api/notifications/{sent}/read", data={}, headers=headers, allow_redirects=False
        )
        return answer.status, answer.headers["Location"]

    assert await submit(f"{origin}/notifications?type=a") == (303, "/notifications?type=a")
    assert await submit("https://evil.example/x") == (303, "/notifications")
    assert await submit(None) == (303, "/notifications")


async def test_the_page_works_with_links_alone(db, ana, eva):
    ids = await post(db, *[{"title": f"Venta {n}"} for n in range(25)], {"type": "stock:low"})
    await ana.post(f"/api/notifications/{ids[-1]}/read")

    async def seen(browser, address):
        answer = await browser.get(address, headers=FORM)
        page = await answer.text()
        assert answer.status == 200, page
        return page, [sent for sent in ids if f'id="n-{sent}"' in page]

    page, rows = await seen(ana, "/notifications")
    assert rows == ids[6:]
    assert 'name="upTo" value="26"' in page
    assert "before=7" in page
    assert "-26" in page.partition('data-id="')[2].partition('"')[0], "the cursor of the page"
    _, rows = await seen(ana, "/notifications?before=7")
    assert rows == ids[:6]
    _, rows = await seen(ana, "/notifications?filter=unread")
    assert rows == ids[5:-1]
    _, rows = await seen(ana, "/notifications?type=stock:low")
    assert rows == [ids[-1]]
    part, rows = await seen(ana, "/notifications/list")
    assert rows == ids[6:]
    assert "<html" not in part
    latest, rows = await seen(ana, "/notifications/latest")
    assert rows == ids[-5:]
    assert "<html" not in latest
    _, rows = await seen(eva, "/notifications")
    assert rows == []
    assert (await ana.get("/notifications?before=0", headers=FORM)).status == 422


async def test_following_a_notification_reads_it_and_leads_there(db, owner, ana, eva):
    safe, plain = await post(
        db, {"url": "/sales/7"}, {"type": "announcement:published", "title": "x"}
    )
    (bad,) = await post(db)
    await owner.execute(
        """
        update campana.event
        set words = '{"": {"title": "x", "message": "", "url": "javascript:alert(1)"}}'
        where id = $1
        """,
        bad,
    )

    async def follow(browser, which):
        answer = await browser.get(f"/notifications/{which}", headers=FORM, allow_redirects=False)
        return answer.status, answer.headers.get("Location")

    assert await follow(eva, safe) == (404, None)
    assert await follow(ana, safe) == (303, "/sales/7")
    assert await follow(ana, plain) == (303, "/notifications")
    assert await follow(ana, bad) == (303, "/notifications")
    assert (await listed(ana, unread="true"))["notifications"] == []
    assert await follow(ana, "x") == (404, None)


async def seen(browser, address):
    """A page, and the ids of its rows from above."""
    answer = await browser.get(address, headers=FORM)
    page = await answer.text()
    assert answer.status == 200, page
    return page, re.findall(r'<li id="n-([0-9a-f-]+)"', page)


async def test_filters_combine_and_each_is_an_address(db, ana):
    sale, stock, urgent, gone = map(
        str,
        await post(
            db,
            {"title": "Pan dulce"},
            {"type": "stock:low", "title": "Poco pan"},
            {"title": "Panes", "priority": "urgent"},
            {"title": "Pan viejo", "priority": "urgent"},
        ),
    )
    await ana.post(f"/api/notifications/{gone}/delete")
    await ana.post(f"/api/notifications/{sale}/read")

    page, rows = await seen(ana, "/notifications?q=pan")
    assert rows == [urgent, stock, sale]
    assert "<mark>Pan</mark> dulce" in page
    assert "/notifications?filter=unread&amp;q=pan" in page
    assert (await seen(ana, "/notifications?q=pan&filter=unread"))[1] == [urgent, stock]
    assert (await seen(ana, "/notifications?priority=urgent"))[1] == [urgent]
    assert (await seen(ana, "/notifications?priority=urgent&type=stock:low"))[1] == []
    page, rows = await seen(ana, "/notifications?filter=deleted&priority=urgent&q=viejo")
    assert rows == [gone]
    assert f"/api/notifications/{gone}/restore" in page
    for wrong in ("filter=x", "priority=x", "rows=101", "day=x", f"q={'x' * 201}"):
        assert (await ana.get(f"/notifications?{wrong}", headers=FORM)).status == 422, wrong


async def test_days_have_headings_once_however_one_goes_on(db, owner, ana):
    ids = await post(db, {}, {}, {}, {})
    for days, sent in ((3, ids[0]), (1, ids[1]), (1, ids[2])):
        old = "update campana.event set published_at = now() - $1 * interval '1 day' where id = $2"
        await owner.execute(old, days, sent)

    page, _ = await seen(ana, "/notifications/list?rows=2")
    assert re.findall(r"<h2>(.+?)</h2>", page) == ["Hoy", "Ayer"]
    address = unescape(re.search(r'hx-get="(/notifications/more[^"]+)"', page)[1])
    page, rows = await seen(ana, address)
    assert rows == [str(ids[1]), str(ids[0])]
    (heading,) = re.findall(r"<h2>(.+?)</h2>", page)
    assert re.fullmatch(r"[A-Z]\w+ \d+ de \w+|\d+ de \w+ de \d+", heading)
    assert "intersect" not in page, "that was all"


async def test_pages_come_by_themselves_five_times(db, ana):
    await post(db, *[{} for _ in range(25)])
    assert "intersect" in (await seen(ana, "/notifications/more?turns=4"))[0]
    page, _ = await seen(ana, "/notifications/more?turns=5")
    assert "intersect" not in page
    assert "/notifications?before=6" in page


async def test_several_are_changed_at_once_or_none(db, cast, ana, eva):
    first, second, third = await post(db, {}, {}, {})
    (his,) = await post(db, {"audience": f"user:{cast.luis_colleague.id}"})
    (theirs,) = await post(db, tenant="sur")

    async def choose(what, *ids, browser=ana, **headers):
        answer = await browser.post(
            "/notifications/selection",
            data=[("do", what), *[("id", str(one)) for one in ids]],
            headers=headers or FORM,
            allow_redirects=False,
        )
        return answer.status, answer.headers.get("Location"), await answer.text()

    async def there():
        return [row["id"] for row in (await listed(ana))["notifications"]]

    status, location, _ = await choose("delete", first, second)
    assert (status, await there()) == (303, [str(third)])
    page, _ = await seen(ana, location)
    assert "2 notificaciones eliminadas" in page
    assert page.count('value="restore"') == 1
    status, _, part = await choose("restore", first, second, **HTMX)
    assert (status, await there()) == (200, [str(third), str(second), str(first)])
    assert 'hx-target="#notice"' in part

    for foreign in (his, theirs, uuid4()):
        assert (await choose("delete", first, foreign))[0] == 404
    assert (await choose("read", first, browser=eva))[0] == 404
    for wrong in (("burn", first), ("read", "x"), ("read", *[uuid4() for _ in range(101)])):
        assert (await choose(*wrong))[0] == 422, wrong
    assert (await choose("read"))[0] == 303, "nothing was chosen"
    assert (await listed(ana, unread="true"))["pagination"]["total"] == 3


async def test_what_a_form_did_to_all_is_said_and_can_be_taken_back(db, ana):
    await post(db, {}, {})
    origin = {**FORM, "Referer": f"http://{ana.host}:{ana.port}/notifications?type=sale:created"}
    for what, opposite in (("read-all", "unread"), ("clear", "restore")):
        answer = await ana.post(
            f"/api/notifications/{what}", data={}, headers=origin, allow_redirects=False
        )
        location = answer.headers["Location"]
        assert location.startswith("/notifications?type=sale%3Acreated&done=")
        page, _ = await seen(ana, location)
        assert f'name="do" value="{opposite}"' in page
        assert 'type="hidden" name="seqs" value="{[1,3)}"' in page
    for nonsense in ("done=read&ids=x", "done=read", "done=read&count=0"):
        assert "data-notice>" not in (await seen(ana, f"/notifications?{nonsense}"))[0]
