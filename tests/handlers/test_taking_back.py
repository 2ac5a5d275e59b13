"""All read, all deleted: one press takes back what that one press did, however much it was."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from campana.db import Database
from tests.cast import Cast
from tests.conftest import Browser, SignIn
from tests.post import post

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def ana(client: SignIn, cast: Cast) -> Browser:
    return await client(cast.ana_admin)


async def state(owner: Any, cast: Cast) -> list[tuple[int, int, bool]]:
    """Each row: seq, state, whether it is read."""
    rows = await owner.fetch(
        "select seq, state, read_at is not null as read from campana.inbox"
        " where user_id = $1 order by seq",
        cast.ana_admin.id,
    )
    return [tuple(row) for row in rows]


async def press(browser: Browser, what: str) -> list[str]:
    """The undo that is offered: what to do, and to which."""
    answer = await browser.post(f"/api/notifications/{what}", headers=HTMX)
    said = unescape(await answer.text())
    assert answer.status == 200, said
    seqs, do = re.search(r'name="seqs" value="([^"]*)"', said), re.search(r'value="(\w+)">', said)
    return [do[1], seqs[1]] if seqs and do else []


async def take_back(browser: Browser, do: str, seqs: str) -> int:
    data = {"do": do, "seqs": seqs}
    return (await browser.post("/notifications/selection", data=data, headers=HTMX)).status


@pytest.mark.parametrize(("what", "undo"), [("read-all", "unread"), ("clear", "restore")])
async def test_hundreds_are_taken_back_and_nothing_else(
    db: Database, owner: Any, cast: Cast, ana: Browser, what: str, undo: str
) -> None:
    sent = [str(one) for one in await post(db, *[{} for _ in range(250)])]
    for number, verb in ((3, "read"), (120, "read"), (7, "delete"), (200, "delete")):
        await ana.post(f"/api/notifications/{sent[number]}/{verb}")
    before = await state(owner, cast)

    do, seqs = await press(ana, what)
    assert do == undo
    await post(db, {"title": "Llegó después"})
    assert await take_back(ana, do, seqs) == 200
    after = await state(owner, cast)
    assert after[:250] == before
    assert after[250] == (251, 0, False)
    unread = await owner.fetchval(
        "select unread from campana.inbox_head where user_id = $1", cast.ana_admin.id
    )
    assert unread == 247
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def test_what_is_too_scattered_is_not_offered(
    db: Database, owner: Any, cast: Cast, ana: Browser
) -> None:
    await post(db, *[{} for _ in range(1010)])
    read = "update campana.inbox set read_at = now() where user_id = $1 and seq % 2 = 0"
    await owner.execute(read, cast.ana_admin.id)
    head = "update campana.inbox_head set unread = 505 where user_id = $1"
    await owner.execute(head, cast.ana_admin.id)
    assert await press(ana, "read-all") == []
    assert (await press(ana, "clear"))[0] == "restore"


async def test_a_span_reaches_the_own_inbox_only(
    db: Database, cast: Cast, client: SignIn, ana: Browser
) -> None:
    await post(db, {}, {})
    _do, seqs = await press(ana, "read-all")
    luis = await client(cast.luis_colleague)
    await luis.post("/api/notifications/read-all")
    assert await take_back(ana, "unread", seqs) == 200
    for browser, unread in ((ana, 2), (luis, 0)):
        told = await (await browser.get("/api/notifications", params={"unread": "true"})).json()
        assert told["pagination"]["total"] == unread


@pytest.mark.parametrize(
    ("do", "seqs"),
    [
        ("unread", "x"),
        ("unread", "{[1,3)"),
        ("read", "{[1,3)}"),
        ("delete", "{[1,3)}"),
        ("unread", "{[9999999999999999999,9999999999999999999)}"),
        ("unread", "{[3,1)}"),
        ("unread", "{(,)}"),
    ],
)
async def test_nonsense_is_refused(ana: Browser, do: str, seqs: str) -> None:
    assert await take_back(ana, do, seqs) == 422
