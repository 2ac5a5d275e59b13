"""What the corridor's tests share: publishing in SQL as programs do, and ears on real streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestServer

from campana.db import Database
from handlers.app_keys import HUB
from handlers.session_storage import COOKIE
from tests.cast import Cast, Member
from tests.conftest import signed_in
from tests.sse import Ear
from tests.waiting import eventually

Publish = Callable[..., Awaitable[UUID]]
Listen = Callable[..., Awaitable[Ear]]


async def publish_event(connection: Any, **arguments: Any) -> UUID:
    """`select publish_event(tenant => …)` from any connection; sale:created unless it says so."""
    said = {"tenant": "norte", "type": "sale:created", "audience": "all", **arguments}
    for name in ("data", "actions"):
        if name in said and not isinstance(said[name], str):
            said[name] = orjson.dumps(said[name]).decode()
    named = ", ".join(f"{name} => ${number}" for number, name in enumerate(said, 1))
    event_id: UUID = await connection.fetchval(f"select publish_event({named})", *said.values())
    return event_id


@pytest.fixture
async def publish(dsn: str) -> AsyncIterator[Publish]:
    """`await publish(audience=…)`: another program's connection, each event committed at once."""
    connection = await asyncpg.connect(dsn)

    async def publish(**arguments: Any) -> UUID:
        return await publish_event(connection, **arguments)

    yield publish
    await connection.close()


@pytest.fixture
async def site(live_app: web.Application) -> AsyncIterator[str]:
    """The address of the running application."""
    server = TestServer(live_app)
    await server.start_server()
    yield str(server.make_url(""))
    for stream in live_app[HUB].streams():
        live_app[HUB].close(stream, "leaving")
    await server.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without cookies or limits of its own."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=CookieJar(unsafe=True)
    ) as session:
        yield session


@pytest.fixture
async def listen(site: str, http: aiohttp.ClientSession, cast: Cast) -> AsyncIterator[Listen]:
    """`await listen(member)`: an open stream that has said hello. `key=` gives another API key."""
    ears: list[Ear] = []

    async def listen(member: Member, *, last_id: str | None = None, key: str | None = None) -> Ear:
        ear = ear_of(http, site, member, key or key_of(cast, member), last_id=last_id)
        ears.append(ear)
        await (await ear.open()).hears("hello")
        return ear

    yield listen
    for ear in ears:
        await ear.cut()


def key_of(cast: Cast, member: Member) -> str:
    return cast.norte_key if member.tenant == "norte" else cast.sur_key


def ear_of(
    http: aiohttp.ClientSession, site: str, member: Member, key: str, last_id: str | None = None
) -> Ear:
    """The ear of a program that may listen for this member."""
    return Ear(
        http,
        f"{site}/api/stream",
        headers={"X-API-Key": key},
        params={"user": member.email},
        last_id=last_id,
    )


async def signed_in_ear(
    db: Database, http: aiohttp.ClientSession, site: str, member: Member, path: str = "/api/stream"
) -> tuple[Ear, str]:
    """A stream opened by session, and the session's token. path: "/stream" is a page's."""
    token = await signed_in(db, member)
    ear = Ear(http, f"{site}{path}", headers={"Cookie": f"{COOKIE}={token}"})
    await (await ear.open()).hears("hello")
    return ear, token


async def everybody_hears(publish: Publish, ears: list[Ear], *tenants: str) -> None:
    """A last event for all: whoever has it has everything published before that was for them."""
    for tenant in tenants or ("norte",):
        await publish(tenant=tenant, type="announcement:published", title="the end")
    for ear in ears:
        await ear.hears("notification", title="the end")


async def inbox_of(owner: Any, member: Member) -> list[asyncpg.Record]:
    """A member's visible inbox rows in order."""
    rows: list[asyncpg.Record] = await owner.fetch(
        "select i.id, i.event_id, i.seq, i.reason, i.channels, e.words -> '' ->> 'title' as title"
        " from campana.inbox i"
        " join campana.event e on (e.tenant_id, e.id) = (i.tenant_id, i.event_id)"
        " where i.user_id = $1 and i.state = 0 order by i.seq",
        member.id,
    )
    return rows


async def until_dispatched(owner: Any) -> None:
    """Wait until nothing waits in the queue."""

    async def is_empty() -> bool:
        return bool(await owner.fetchval("select not exists (select from campana.outbox)"))

    await eventually(is_empty, 20)
