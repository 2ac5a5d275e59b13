"""Locked unless it says otherwise."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from aiohttp import web

from campana import errors
from handlers import guards
from handlers.guards import guard_of
from handlers.routes import add_routes

ROOT = Path(__file__).parents[2]

# Whoever adds a line here opens a door to the world.
PUBLIC_ROUTES = {
    "GET /": "anyone",
    "GET /login": "anyone",
    "POST /login": "anyone",
    "POST /logout": "anyone",
    "POST /appearance": "anyone",
    "GET /static/{path}": "public",
    "GET /manifest.webmanifest": "public",
    "GET /sw.js": "public",
    "GET /offline": "public",
    "GET /invitation": "anyone",  # and shows nothing without the token of a link
    "POST /invitation": "anyone",
    "GET /design": "anyone",  # and only in demo mode
    "GET /api/health": "public",
    "GET /health/live": "public",
    "GET /health/ready": "public",
    "GET /metrics": "anyone",  # and then only who may: see handlers/metrics.py
    "GET /api/openapi.json": "public",
}


def open_routes(app: web.Application) -> dict[str, str]:
    return {name: guard.name for name, guard in guards.guards(app) if guard and guard.open}


async def test_the_doors_without_a_lock_are_these(app, capsys):
    found = open_routes(app)
    with capsys.disabled():
        print("\npublic routes: " + ", ".join(sorted(found)))
    assert found.items() <= PUBLIC_ROUTES.items()


async def test_a_route_that_forgot_its_guard_stops_the_start(monkeypatch):
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    monkeypatch.setattr("handlers.routes.API", [web.get("/api/forgotten", forgotten)])
    with pytest.raises(RuntimeError, match="GET /api/forgotten"):
        add_routes(web.Application())


async def test_a_forgotten_guard_is_a_closed_door_even_when_nobody_looked(app, client, cast):
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response(text="secret")

    app.router._frozen = False
    app.router.add_get("/api/forgotten", forgotten)
    answer = await (await client(cast.ana_admin)).get("/api/forgotten")
    assert answer.status == 500
    assert "secret" not in await answer.text()


def test_a_guard_survives_being_wrapped():
    @guards.program("publish")
    async def handler(_request: web.Request) -> web.Response:
        return web.Response()

    found = guard_of(handler)
    assert found is not None
    assert (found.scope, found.people, found.open) == ("publish", "nobody", False)


def test_every_code_of_a_problem_is_on_the_closed_list():
    used = {
        keyword.value.value
        for folder in ("campana", "handlers")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    assert "wrong_credentials" in used
    assert used <= errors.CODES
