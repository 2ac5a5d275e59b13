"""Every route, asked by everybody: who is let in, and that what is not yours is not there.

It walks the router, so a new route is in it at once. A route with an id in its path needs a line
in `somebody_elses()`: something of norte's that exists and that only some may reach.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from campana import event_types, keys, tenants, tokens
from campana.administration import announcements
from campana.domains import sales
from campana.domains.sales.drafts import Typed, checked
from handlers.guards import Guard, guard_of
from tests.post import post
from tests.waiting import PATIENCE

NOBODY_IN = {401, 403}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Route(NamedTuple):
    """One line of the router."""

    method: str
    path: str
    guard: Guard

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def routes(app: web.Application) -> list[Route]:
    return [
        Route(route.method, route.resource.canonical, guard_of(route.handler))
        for route in app.router.routes()
        if route.method != "HEAD"
    ]


async def ask(browser, route, path=None, **more):
    """Status and headers. A stream that opens is not read: its headers say enough."""
    path = path or route.path.replace("{id}", str(uuid4())).replace("{path}", "css/base.css")
    path = re.sub(r"{\w+}", "any", path)
    headers = {"Accept": "text/html", **more.pop("headers", {})}
    if route.method not in ("GET", "DELETE"):
        headers |= FORM
    request = browser.request(route.method, path, headers=headers, allow_redirects=False, **more)
    answer = await asyncio.wait_for(request, PATIENCE)
    answer.close()
    return answer.status, answer.headers.get("Location", "")


async def wrong(app, expected, browser, **more) -> AsyncIterator[str]:
    """Routes that answer otherwise than `expected(route)` says."""
    asked = 0
    for route in routes(app):
        fits = expected(route)
        if fits is None:
            continue
        asked += 1
        status, location = await ask(browser, route, **more)
        if not fits(status, location):
            yield f"{route.name} {status} {location}"
    assert asked, "the test lost its subject"


def let_in(status: int, location: str) -> bool:
    return status < 500 and status not in NOBODY_IN and not location.startswith("/login")


def forbidden(status: int, _location: str) -> bool:
    return status == 403


async def test_nobody_gets_past_a_lock(client, app):
    def expected(route):
        if route.guard.open:
            return None
        if (route.is_api and route.method != "POST") or route.path == "/stream":
            return lambda status, _: status == 401
        return lambda status, location: status == 303 and location.startswith("/login")

    def to_programs(route):
        return (lambda status, _: status == 401) if route.is_api and not route.guard.open else None

    nobody, program = await client(), {"Accept": "application/json"}
    assert [line async for line in wrong(app, expected, nobody)] == []
    assert [line async for line in wrong(app, to_programs, nobody, headers=program)] == []


async def test_open_routes_are_open(client, app):
    def expected(route):
        return (lambda status, _: status < 500 and status != 403) if route.guard.open else None

    assert [line async for line in wrong(app, expected, await client())] == []


async def test_an_administrator_is_let_in_wherever_people_are(client, app, cast):
    def expected(route):
        if route.guard.people == "nobody":
            return None if route.guard.open else forbidden
        return let_in

    browser = await client(cast.ana_admin)
    assert [line async for line in wrong(app, expected, browser)] == []


async def test_a_colleague_does_not_administer(client, app, cast):
    def expected(route):
        if route.guard.open:
            return None
        return let_in if route.guard.people == "everybody" else forbidden

    browser = await client(cast.luis_colleague)
    assert [line async for line in wrong(app, expected, browser)] == []


async def test_another_sites_page_changes_nothing_with_our_cookie(client, app, cast):
    def expected(route):
        unsafe = route.method not in ("GET", "HEAD")
        return forbidden if unsafe and not route.guard.any_origin else None

    browser = await client(cast.ana_admin, Origin="https://evil.example")
    assert [line async for line in wrong(app, expected, browser)] == []


async def test_a_key_with_every_scope_comes_to_program_routes_and_no_pages(client, app, cast):
    def expected(route):
        if route.guard.open:
            return None
        if not route.is_api:
            return lambda status, location: status == 401 or location.startswith("/login")
        if route.guard.scope is None:
            return lambda status, _: status == 422
        return let_in

    headers = {"X-API-Key": cast.norte_key}
    assert [line async for line in wrong(app, expected, await client(), headers=headers)] == []


async def test_a_key_without_the_scope_stays_outside(client, app, cast):
    def expected(route):
        return forbidden if route.guard.scope not in (None, "read") else None

    browser = await client()
    headers = {"X-API-Key": cast.norte_read_key}
    found = [line async for line in wrong(app, expected, browser, headers=headers)]
    assert found == []


async def test_a_signed_in_reader_keeps_nothing_in_a_shared_cache(client, app, cast):
    browser = await client(cast.ana_admin)
    for route in routes(app):
        if route.method == "GET" and not route.guard.open and "{" not in route.path:
            answer = await browser.get(route.path, headers={"Accept": "text/html"})
            assert "no-store" in answer.headers["Cache-Control"], route.name
            answer.close()


@pytest.fixture
async def somebody_elses(db, cast):
    """What `{id}` stands for on each route: Ana's own, of which Luis and Eva may know nothing."""
    sale = await a_sale_of(db, cast.ana_admin, cast.norte_key)
    pay = {"name": "any", "label": "Pay", "method": "post", "url": f"/sales/{sale}/payment"}
    about = {"audience": "user:ana@norte.test", "actions": [pay], "subject": "order:7"}
    [notification] = await post(db, about)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    [scheduled] = await post(db, {"audience": "all", "deliver_at": later})
    return {
        "/notifications/{id}": notification,
        "/api/notifications/{id}": notification,
        "/api/events/{id}": scheduled,
        "/sales/{id}": sale,
        "/admin/people/{id}": cast.rosa_colleague.id,
        "/admin/roles/{id}": "COOK",  # a role of norte's, and of no other tenant in the cast
        "/admin/announcements/{id}": await an_announcement_of(db, cast.ana_admin, cast.norte_key),
        "/admin/log/{id}": notification,
        "/admin/log/set-aside/{id}": await an_event_set_aside(db, cast.norte),
        "/admin/connections/{id}": await a_connection_of(db, cast.ana_admin),
        "/admin/branches/{id}": await a_branch_of(db, cast.norte),
        "/admin/types/{id}": await a_type_of(db, cast.norte),
        "/admin/keys/{id}": await a_key_of(db, cast.norte),
        "/admin/issuers/{id}": await an_issuer_of(db, cast.norte),
    }


async def a_sale_of(db, member, key):
    person = await keys.identify(db, key, member.email)
    draft = checked(Typed(customer="Doña Berta", total="12.50", currency="USD"))
    async with db.tenant(person.tenant_id, person.id) as tx:
        return (await sales.create(tx, person, draft)).sale.id


async def an_announcement_of(db, member, key):
    person = await keys.identify(db, key, member.email)
    draft = announcements.Draft({"": {"title": "Hola", "message": ""}}, "all")
    return await announcements.send(db, person, draft)


async def an_event_set_aside(db, tenant_id):
    async with db.bus() as bus:
        body = {"type": "sale:created", "lasting": True, "audience": "all", "rule": ["all"]}
        body |= {"data": {}, "priority": "low", "variant": "info", "published_at": "2026-01-01"}
        return await bus.fetchval(
            "insert into campana.poison (tenant_id, event_id, type, reason, body)"
            " values ($1, campana.uuid7(), 'sale:created', 'test', $2) returning event_id",
            tenant_id,
            body,
        )


async def a_connection_of(db, member):
    async with db.bus() as bus:
        return await bus.fetchval(
            "with p as (insert into campana.process values (campana.uuid7(), 'test', now())"
            " returning id) insert into campana.connection select $1, campana.uuid7(), p.id, $2,"
            " 'html', 'session', null, '127.0.0.1', 'test', now() from p returning id",
            member.tenant_id,
            member.id,
        )


async def a_branch_of(db, tenant_id):
    async with db.bus() as bus:
        await tenants.add_branch(bus, tenant_id, "Mercado")
        found = "select id from campana.branch where tenant_id = $1 and name = 'Mercado'"
        return await bus.fetchval(found, tenant_id)


async def a_type_of(db, tenant_id):
    async with db.bus() as bus:
        await event_types.add(bus, tenant_id, "card:sold", actor="test")
    return "card:sold"


async def a_key_of(db, tenant_id):
    _key, key_id = await keys.create(db, tenant_id, name="Till", scopes=["read"], actor="test")
    return key_id


async def an_issuer_of(db, tenant_id):
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return await tokens.trust(
        db, tenant_id, issuer="https://login.norte", audience="n", keys=[pem], actor="test"
    )


async def test_what_is_not_yours_is_not_there(client, app, cast, somebody_elses):
    eva, luis = await client(cast.eva_stranger), await client(cast.luis_colleague)
    key = {"X-API-Key": cast.sur_key}
    program, found = await client(), []
    for route in routes(app):
        if "{id}" not in route.path:
            continue
        prefix = route.path[: route.path.index("{id}") + 4]
        assert prefix in somebody_elses, f"{prefix} needs a line in somebody_elses()"
        path = route.path.replace("{id}", str(somebody_elses[prefix]))
        for browser, headers in ((eva, {}), (luis, {}), (program, key)):
            status, _ = await ask(browser, route, path, headers=headers)
            allowed = {404}
            if browser is luis and route.guard.people != "everybody":
                allowed = {403}
            if browser is program and route.guard.scope is None:
                allowed = {422, 401, 303}
            if status not in allowed:
                found.append(f"{route.method} {path} {status}")
    assert found == []


async def test_the_owner_of_all_that_does_find_it(client, app, cast, somebody_elses):
    ana = await client(cast.ana_admin)
    for route in routes(app):
        if "{id}" in route.path:
            prefix = route.path[: route.path.index("{id}") + 4]
            path = route.path.replace("{id}", str(somebody_elses[prefix]))
            status, _ = await ask(ana, route, path)
            found = status < 500 and status not in (401, 403, 404)
            assert found, f"{route.method} {path} {status}"
