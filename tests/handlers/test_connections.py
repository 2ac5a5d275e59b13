"""Who is connected: seen from every process, closed by administrators, gone with a process."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestServer

from campana import roster
from campana.administration.connections import device
from campana.corridor import Corridor
from campana.hub import Hub
from campana.roster import Roster
from campana.tally import Tally
from handlers.application import application
from tests.corridor.conftest import ear_of, http, listen, site
from tests.handlers.admin import look, send
from tests.waiting import eventually

PATH = "/api/connections"
AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox · Linux",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
    " Mobile Safari/537.36": "Chrome · Android",
    "python-httpx/0.27.0": "python-httpx/0.27.0",
    "": "",
}


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Told twenty times a second, not once."""
    monkeypatch.setattr(roster, "EVERY", 0.05)


@pytest.fixture
async def told(live_app, client, cast):
    """`await told(count)`: /api/connections as soon as it lists so many."""
    program = await client()
    headers = {"X-API-Key": cast.norte_read_key}

    async def told(count, **query):
        async def listed():
            said = await (await program.get(PATH, params=query, headers=headers)).json()
            return said if len(said["connections"]) == count else None

        return await eventually(listed)

    return told


async def test_open_streams_are_told_with_person_rooms_and_credential(
    told, listen, cast, owner
) -> None:
    await owner.execute(
        "insert into campana.topic_subscription values ($1, 'sale:7', $2)",
        cast.norte,
        cast.luis_colleague.id,
    )
    luis = await listen(cast.luis_colleague)
    await listen(cast.ana_admin)
    await listen(cast.eva_stranger)
    said = await told(2)
    assert (said["total"], said["people"], said["processes"]) == (2, 2, 1)
    [one] = (await told(1, q="LUIS"))["connections"]
    assert one["rooms"] == ["all", "role:STAFF", "branch:Centro", "topic:sale:7"]
    assert (one["credential"], one["credentialName"], one["kind"]) == (
        "key",
        cast.norte_key,
        "json",
    )
    assert one["address"] == "127.0.0.1"
    await luis.cut()
    assert [one["email"] for one in (await told(1))["connections"]] == [cast.ana_admin.email]


async def test_every_process_tells_of_all(told, listen, http, db, settings, cast) -> None:
    await listen(cast.luis_colleague)
    other = Corridor(db, settings)
    async with other.running(), TestServer(application(settings, db, other)) as server:
        address = str(server.make_url("")).rstrip("/")
        ear = ear_of(http, address, cast.rosa_colleague, cast.norte_key)
        await (await ear.open()).hears("hello")
        said = await told(2)
        assert said["processes"] == 2
        await ear.cut()
        await told(1)


async def test_they_are_paged_from_the_youngest_on(told, listen, cast) -> None:
    for member in (cast.luis_colleague, cast.rosa_colleague, cast.ana_admin):
        await listen(member)
    everybody = [one["id"] for one in (await told(3))["connections"]]
    first = await told(2, limit="2")
    rest = await told(1, limit="2", cursor=first["nextCursor"])
    assert [one["id"] for one in (*first["connections"], *rest["connections"])] == everybody
    assert rest["nextCursor"] is None


async def test_an_administrator_closes_one(told, listen, client, owner, cast) -> None:
    luis, ana_ear = await listen(cast.luis_colleague), await listen(cast.ana_admin)
    ids = {one["email"]: one["id"] for one in (await told(2))["connections"]}
    path = f"/admin/connections/{ids[cast.luis_colleague.email]}/close"
    assert (await send(await client(cast.rosa_colleague), path)).status == 403
    assert (await send(await client(cast.eva_stranger), path)).status == 404
    ana = await client(cast.ana_admin)
    assert (await send(ana, path)).location == "/admin/connections?done=closed"
    await luis.hears("bye", reason="closed")
    await told(1)
    assert not ana_ear.heard("bye")
    detail = await owner.fetchval(
        "select detail ->> 'email' from campana.audit where action = 'connection.close'"
    )
    assert detail == cast.luis_colleague.email
    page = (await look(ana, "/admin/connections")).text
    assert cast.ana_admin.email in page
    assert cast.luis_colleague.email not in page.split("<h1")[1]


async def test_a_dead_process_takes_its_connections_along(told, listen, db, owner, cast) -> None:
    await listen(cast.luis_colleague)
    await told(1)
    await owner.execute(
        "insert into campana.process values (campana.uuid7(), 'dead', now() - interval '1 minute')"
    )
    await owner.execute(
        "insert into campana.connection (tenant_id, id, process_id, user_id, kind, credential,"
        " address, agent, since)"
        " select tenant_id, campana.uuid7(), (select id from campana.process where name = 'dead'),"
        " user_id, kind, credential, address, agent, since from campana.connection"
    )
    assert (await told(1))["total"] == 1, "whoever is silent does not count"
    other = Roster(db, Hub(db), Tally(db))
    await other.tell()
    assert await owner.fetchval("select count(*) from campana.process where name = 'dead'") == 0
    assert await owner.fetchval("select count(*) from campana.connection") == 1
    await other.retire()


async def test_what_a_crash_emptied_is_told_anew(told, listen, owner, cast) -> None:
    await listen(cast.luis_colleague)
    await told(1)
    await owner.execute("truncate campana.process, campana.connection")
    await told(1)


def test_devices_are_named_as_people_call_them() -> None:
    assert {agent: device(agent) for agent in AGENTS} == AGENTS


async def test_a_cursor_that_is_none_of_ours_is_refused(client, cast) -> None:
    ana = await client(cast.ana_admin)
    for cursor in ("x", "2026-01-01T00:00:00_no", "2026-01-01T00:00:00_" + "0" * 32):
        assert (await ana.get(PATH, params={"cursor": cursor})).status == 422
