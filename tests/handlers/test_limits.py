"""How much may be done in a minute, on all processes together: by a person, a key, a tenant."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from uuid import uuid4

import pytest

from campana import admission
from campana.errors import TooMany
from campana.limits import Limits
from campana.settings import Settings
from campana.users import Person
from tests.cast import person_of
from tests.corridor.conftest import http, listen, publish, site
from tests.post import deliver, post

READ_ALL = "/api/notifications/read-all"
SALE = {"type": "sale:created", "audience": "role:ADMIN"}
few = pytest.mark.settings(client_events_per_minute=3)
FIELD = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')


def standing(headers):
    """Name → (left, seconds) of the RateLimit field."""
    found = FIELD.findall(headers["RateLimit"])
    return {name: (int(left), int(seconds)) for name, left, seconds in found}


async def used_up(browser, path=READ_ALL):
    """Clicks until refused; the refusal."""
    for _ in range(10):
        answer = await browser.post(path)
        if answer.status == 429:
            return answer
    raise AssertionError("never refused")


# -- client events


async def test_a_hundred_clicks_a_minute_are_fine_and_then_no_more(client, cast) -> None:
    ana, luis = await client(cast.ana_admin), await client(cast.luis_colleague)
    began = time.monotonic()
    for click in range(100):
        answer = await ana.post(READ_ALL)
        assert answer.status == 200
        assert answer.headers["RateLimit-Policy"] == '"client-events";q=100;w=60'
        left, seconds = standing(answer.headers)["client-events"]
        assert left == 99 - click
        assert 59 - (time.monotonic() - began) <= seconds <= 60

    answer = await ana.post(READ_ALL)
    told = await answer.json()
    assert (answer.status, answer.content_type) == (429, "application/problem+json")
    assert (told["code"], told["status"]) == ("too_many_requests", 429)
    assert 59 - (time.monotonic() - began) <= int(answer.headers["Retry-After"]) <= 60
    assert standing(answer.headers)["client-events"][0] == 0
    assert (await luis.post(READ_ALL)).status == 200, "others click on"


@few
async def test_whatever_a_page_tells_by_itself_counts_and_work_does_not(client, cast, db) -> None:
    (sent,) = await post(db)
    ana = await client(cast.ana_admin)
    one = f"/api/notifications/{sent}"
    for path in (f"{one}/read", f"{one}/unread", "/notifications/selection"):
        assert (await ana.post(path)).status != 429
    for path in (f"{one}/read", f"{one}/delete", READ_ALL, "/notifications/selection"):
        assert (await ana.post(path)).status == 429
    assert (await ana.delete(one)).status == 429
    assert (await ana.post("/api/events", json=SALE)).status == 202
    assert (await ana.get("/api/notifications")).status == 200
    assert (await ana.get("/notifications", headers={"Accept": "text/html"})).status == 200


@few
async def test_people_are_told_in_words(client, cast) -> None:
    ana = await client(cast.ana_admin, Accept="text/html")
    answer = await used_up(ana, "/notifications/selection")
    assert (answer.status, answer.content_type) == (429, "text/html")
    assert int(answer.headers["Retry-After"]) > 50


@few
async def test_two_processes_count_as_one(db, cast, settings) -> None:
    person = await person_of(db, cast.ana_admin)
    here, there = (Limits(db, settings, lambda *_: None) for _ in range(2))

    async def click(limits):
        try:
            await limits.client_event(person, "/")
        except TooMany:
            return "refused"
        return "done"

    counted = Counter(await asyncio.gather(*map(click, [here, there] * 10)))
    assert counted == {"done": 3, "refused": 17}


@few
async def test_whoever_goes_beyond_loses_the_streams_until_the_minute_ends(
    live_app, client, listen, owner, publish, cast, monkeypatch
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    browser = await client(cast.ana_admin)
    await browser.post(READ_ALL)
    await used_up(browser)

    await ana.ended()
    assert ana.named("bye")[-1].data == {"reason": "too_many_requests"}
    answer = await browser.get("/api/stream")
    assert (answer.status, (await answer.json())["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert (await browser.get("/api/stream?poll=1")).status == 429
    await publish(title="meanwhile")
    await luis.hears("notification", title="meanwhile")
    assert luis.connections == 1

    await owner.execute("update campana.client_event set ends_at = now()")
    monkeypatch.setattr(admission, "monotonic", lambda: time.monotonic() + 60)
    assert (await browser.get("/api/stream?poll=1")).status == 200
    await ana.returns()
    await ana.hears("notification", title="meanwhile")
    assert (await browser.post(READ_ALL)).status == 200


@few
async def test_another_process_sends_the_streams_away_too(db, listen, settings, cast) -> None:
    """The clicks were counted elsewhere; here only the hint, or the sweep, tells of it."""
    ana, person = await listen(cast.ana_admin), await person_of(db, cast.ana_admin)
    elsewhere = Limits(db, settings, lambda *_: None)
    for _ in range(3):
        await elsewhere.client_event(person, "/")
    with pytest.raises(TooMany):
        await elsewhere.client_event(person, "/")
    await ana.ended()
    assert (await ana.open()).status == 429


@few
async def test_who_goes_on_is_told_of_once_a_minute(client, db, owner, cast) -> None:
    luis, ana = await client(cast.luis_colleague), await client(cast.ana_admin)
    for _ in range(3 + 9):
        await luis.post(READ_ALL)
    assert await owner.fetchval("select count(*) from campana.outbox") == 0, "a slip is no abuse"
    await asyncio.gather(*(luis.post(READ_ALL) for _ in range(20)))
    await deliver(db)
    told = (await (await ana.get("/api/notifications")).json())["notifications"]
    assert [one["type"] for one in told] == ["system:alert"]
    assert told[0]["data"]["userId"] == str(cast.luis_colleague.id)
    assert "Luis Colega" in told[0]["message"]
    assert (await (await luis.get("/api/notifications")).json())["notifications"] == []


# -- publishing


@pytest.fixture
async def program(client, cast):
    """`await program(body)` publishes with norte's key; status, answer, headers."""
    browser = await client()

    async def send(body=SALE, key=cast.norte_publish_key, path="/api/events"):
        answer = await browser.post(path, json=body, headers={"X-API-Key": key})
        return answer.status, await answer.json(), answer.headers

    return send


@pytest.mark.settings(publisher_events_per_minute=20)
async def test_a_key_publishes_so_many_events_a_minute(program, owner, cast) -> None:
    for sent in range(1, 19):
        status, _, headers = await program()
        assert status == 202
        assert headers["RateLimit-Policy"].startswith('"publisher";q=20;w=60, "tenant";q=')
        assert standing(headers)["publisher"][0] == 20 - sent
    status, told, headers = await program([SALE] * 3)
    assert (status, told["code"]) == (429, "too_many_requests")
    assert 0 < int(headers["Retry-After"]) <= 60
    assert (await program([SALE] * 2))[0] == 202, "what was refused took nothing"
    assert (await program())[0] == 429
    assert (await program(path="/api/events?dry_run=1"))[0] == 429
    assert (await program(key=cast.norte_key))[0] == 202, "another key has its own"
    assert await owner.fetchval("select count(*) from campana.outbox") == 21

    await owner.execute("update campana.publishing set ends_at = now()")
    assert (await program(key=cast.sur_key))[0] == 202


@pytest.mark.settings(tenant_events_per_minute=5)
async def test_a_tenant_has_a_limit_for_all_its_keys(program, cast) -> None:
    keys = (cast.norte_publish_key, cast.norte_key)
    statuses = [(await program(key=keys[n % 2]))[0] for n in range(7)]
    assert statuses == [202] * 5 + [429] * 2
    assert (await program(key=cast.sur_key))[0] == 202


async def test_portions_of_two_processes_are_never_more_than_the_whole(db, cast) -> None:
    chosen = Settings(publisher_events_per_minute=1000)
    processes = [Limits(db, chosen, lambda *_: None) for _ in range(2)]
    publisher = f"key:{uuid4()}"

    async def spend(limits):
        """One by one until refused."""
        done = 0
        while True:
            try:
                await limits.publish(cast.norte, publisher, 1)
            except TooMany:
                return done
            done += 1

    done = await asyncio.gather(*(spend(limits) for limits in processes * 8))
    assert sum(done) == 1000


async def test_a_new_minute_begins_anew(db, owner, cast) -> None:
    limits = Limits(db, Settings(publisher_events_per_minute=2), lambda *_: None)
    await limits.publish(cast.norte, "key:a", 2)
    with pytest.raises(TooMany):
        await limits.publish(cast.norte, "key:a", 1)
    await owner.execute("update campana.publishing set ends_at = now() where publisher <> ''")
    await limits.publish(cast.norte, "key:a", 2)
