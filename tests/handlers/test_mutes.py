"""Muting beside a notification: what it is about, by whoever has it, and back again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from campana.channels import DEFAULT, INBOX
from campana.db import Database
from campana.preferences import muting
from tests.cast import Cast
from tests.conftest import Browser, SignIn
from tests.post import post

HTMX = {"HX-Request": "true"}
FORM = {"Accept": "text/html,application/xhtml+xml"}
ORDER = {"type": "order:created", "subject": "order:7"}


@pytest.fixture
async def luis(client: SignIn, cast: Cast) -> Browser:
    return await client(cast.luis_colleague)


async def heard(db: Database, owner: Any, member: Any, **event: Any) -> int:
    """The channels on which this person has what is published now."""
    [event_id] = await post(db, {**ORDER, **event})
    found = "select channels from campana.inbox where user_id = $1 and event_id = $2"
    return int(await owner.fetchval(found, member.id, event_id))


async def muted_rows(browser: Browser, path: str = "/notifications") -> list[str]:
    """Ids of the rows that say that their subject is muted."""
    html = await (await browser.get(path)).text()
    return re.findall(r'action="/notifications/([0-9a-f-]+)/unmute"', html)


async def test_one_press_mutes_the_subject_for_who_pressed_and_undo_takes_it_back(
    db: Database, owner: Any, cast: Cast, luis: Browser
) -> None:
    first, second, other = await post(db, ORDER, ORDER, {**ORDER, "subject": "order:8"})
    assert await muted_rows(luis) == []

    answer = await luis.post(f"/notifications/{first}/mute", headers=HTMX)
    said = await answer.text()
    assert answer.status == 200
    assert "Silenciado" in said
    assert f'action="/notifications/{first}/unmute"' in said
    assert await heard(db, owner, cast.luis_colleague) == INBOX
    assert await heard(db, owner, cast.luis_colleague, subject="order:8") == DEFAULT
    assert await heard(db, owner, cast.rosa_colleague) == DEFAULT, "a mute is one's own"
    shown = await muted_rows(luis)
    assert {str(first), str(second)} <= set(shown)
    assert str(other) not in shown
    assert str(first) in await muted_rows(luis, "/notifications/latest?limit=20")

    answer = await luis.post(f"/notifications/{first}/unmute", headers=HTMX)
    assert f'action="/notifications/{first}/mute"' in await answer.text()
    assert await heard(db, owner, cast.luis_colleague) == DEFAULT
    assert await muted_rows(luis) == []


async def test_a_form_comes_back_to_its_list_which_says_so_with_the_way_back(
    db: Database, luis: Browser
) -> None:
    [order] = await post(db, ORDER)
    referer = FORM | {"Referer": str(luis.make_url("/notifications?filter=unread"))}
    answer = await luis.post(f"/notifications/{order}/mute", headers=referer, allow_redirects=False)
    where = answer.headers["Location"]
    assert answer.status == 303
    assert where.startswith("/notifications?filter=unread&done=muted")
    html = await (await luis.get(where)).text()
    notice = html[html.index('id="notice"') : html.index('id="inbox"')]
    assert "Silenciado" in notice
    assert f'action="/notifications/{order}/unmute"' in notice


async def test_programs_read_what_is_muted(db: Database, luis: Browser) -> None:
    order, _other = await post(db, ORDER, {**ORDER, "subject": "order:8"})
    await luis.post(f"/notifications/{order}/mute", headers=HTMX)
    told = await (await luis.get("/api/notifications")).json()
    assert {n["subject"]: n["isMuted"] for n in told["notifications"]} == {
        "order:7": True,
        "order:8": False,
    }
    prefs = await (await luis.get("/api/notifications/preferences")).json()
    assert prefs["mutedSubjects"] == ["order:7"]


async def test_what_is_deleted_can_still_be_unmuted_but_is_not_offered(
    db: Database, owner: Any, cast: Cast, luis: Browser
) -> None:
    [order] = await post(db, ORDER)
    await luis.post(f"/notifications/{order}/mute", headers=HTMX)
    await luis.post(f"/api/notifications/{order}/delete", headers=HTMX)
    assert await muted_rows(luis, "/notifications?filter=deleted") == []
    answer = await luis.post(f"/notifications/{order}/unmute", headers=HTMX)
    assert answer.status == 200
    assert await heard(db, owner, cast.luis_colleague) == DEFAULT


async def test_not_yours_is_not_there_and_about_nothing_is_refused(
    db: Database, owner: Any, cast: Cast, luis: Browser, client: SignIn
) -> None:
    mine, about_nothing = await post(
        db, {**ORDER, "audience": f"user:{cast.luis_colleague.email}"}, {"type": "order:created"}
    )
    for stranger in (cast.rosa_colleague, cast.eva_stranger):
        browser = await client(stranger)
        answer = await browser.post(f"/notifications/{mine}/mute", headers=HTMX)
        assert answer.status == 404
    assert await owner.fetchval("select count(*) from campana.user_mute") == 0
    answer = await luis.post(f"/notifications/{about_nothing}/mute", headers=HTMX)
    assert answer.status == 422


async def test_beyond_the_most_that_can_be_muted_it_says_so(
    db: Database, owner: Any, cast: Cast, luis: Browser
) -> None:
    [order] = await post(db, ORDER)
    me = cast.luis_colleague
    await owner.execute(
        "insert into campana.user_mute (tenant_id, subject, user_id)"
        " select $1, 'order:1' || n, $2 from generate_series(1, $3::integer) n",
        me.tenant_id,
        me.id,
        muting.MOST_MUTES,
    )
    answer = await luis.post(f"/notifications/{order}/mute", headers=HTMX)
    assert answer.status == 200
    assert "500" in await answer.text()
    assert await muted_rows(luis) == []
    page = await luis.post(f"/notifications/{order}/mute", headers=FORM)
    assert page.status == 200
    assert "500" in await page.text()
