"""How the process says it is, and who may read its metrics."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from handlers.app_keys import HUB
from handlers.health import Health
from tests.waiting import eventually


async def ask(browser, path, **headers):
    answer = await browser.get(path, headers=headers)
    return answer.status, await answer.json()


async def test_everything_runs(live_app, client):
    browser = await client()

    async def is_well():
        status, told = await ask(browser, "/api/health")
        Health.model_validate(told)
        return status == 200 and told["status"] == "ok" and told

    told = await eventually(is_well)
    assert told["database"]["ok"]
    assert 0 < told["database"]["latencyMs"] < 2000
    assert told["database"]["version"].split(".")[0].isdigit()
    assert (told["dispatcher"], told["listener"], told["streams"]) == ("running", "connected", 0)
    assert await ask(browser, "/health/live") == (200, {"live": True})
    assert await ask(browser, "/health/ready") == (200, {"ready": True, "reason": None})


async def test_where_nobody_dispatches_bells_ring_late(client):
    status, told = await ask(await client(), "/api/health")
    assert (status, told["status"], told["dispatcher"]) == (200, "degraded", "away")


async def test_a_database_that_hangs_is_noticed_in_time(client, db, owner):
    browser = await client()
    async with db.bus() as connection:
        hung = connection.get_server_pid()
    os.kill(hung, signal.SIGSTOP)
    try:
        async with asyncio.timeout(10):
            assert await ask(browser, "/health/ready") == (
                503,
                {"ready": False, "reason": "database"},
            )
    finally:
        os.kill(hung, signal.SIGCONT)

    async def is_back():
        return (await ask(browser, "/health/ready"))[0] == 200

    await eventually(is_back)


async def test_a_dispatcher_that_sleeps_is_not_away(live_app, client, owner):
    browser = await client()

    async def sleeps():
        return await owner.fetchval("select not awake from campana.dispatcher")

    await eventually(sleeps)
    await owner.execute("update campana.dispatcher set beat = beat - interval '1 hour'")
    assert (await ask(browser, "/api/health"))[1]["dispatcher"] == "away"

    async def has_shown_itself():
        return (await ask(browser, "/api/health"))[1]["dispatcher"] == "running"

    await eventually(has_shown_itself)
    assert await sleeps()


async def test_a_leaving_process_wants_no_more_requests(app, client):
    browser = await client()
    app[HUB].draining = True
    assert await ask(browser, "/health/ready") == (503, {"ready": False, "reason": "leaving"})
    assert (await ask(browser, "/health/live"))[0] == 200


async def test_missing_migrations_want_no_requests_yet(owner, client):
    await owner.execute("delete from campana.migration where name like '0002%'")
    told = await ask(await client(), "/health/ready")
    assert told == (503, {"ready": False, "reason": "migrations"})


async def test_without_the_database_it_says_so_at_once(db, client):
    browser = await client()
    await db.close()
    async with asyncio.timeout(10):
        status, told = await ask(browser, "/api/health")
        assert (status, told["status"]) == (503, "unavailable")
        assert told["database"] == {"ok": False, "latencyMs": None, "version": None}
        assert await ask(browser, "/health/ready") == (503, {"ready": False, "reason": "database"})
        assert await ask(browser, "/health/live") == (200, {"live": True})


async def test_metrics_are_for_this_machine_and_administrators(client, cast):
    here = await client()
    answer = await here.get("/metrics")
    assert (answer.status, answer.content_type) == (200, "text/plain")
    assert "process_resident_memory_bytes" in await answer.text()

    through_a_proxy = {"X-Forwarded-For": "203.0.113.9"}
    assert (await here.get("/metrics", headers=through_a_proxy)).status == 401
    for claim in ("127.0.0.1", "::1"):
        assert (await here.get("/metrics", headers={"X-Forwarded-For": claim})).status == 401
    luis, ana = await client(cast.luis_colleague), await client(cast.ana_admin)
    assert (await luis.get("/metrics", headers=through_a_proxy)).status == 401
    assert (await ana.get("/metrics", headers=through_a_proxy)).status == 200


@pytest.mark.parametrize("path", ["/api/health", "/health/live", "/health/ready"])
async def test_health_asks_for_no_credential_and_minds_none(client, cast, path):
    for headers in ({}, {"X-API-Key": "nonsense"}, {"X-API-Key": cast.norte_expired_key}):
        answer = await (await client()).get(path, headers=headers)
        assert answer.status == 200
