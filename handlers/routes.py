"""Every URL on one page. Each handler says itself who may ask: see guards.py."""

from __future__ import annotations

from aiohttp import web

from campana.assets import PREFIX
from handlers import appearance, assets, guards, home, sessions, stream


def add_routes(app: web.Application) -> None:
    """Adds them all; RuntimeError when one of them forgot its guard."""
    app.router.add_routes([*PUBLIC, *SIGNED_IN, *ADMINISTRATORS, *API, *OPERATIONS])
    if names := guards.unguarded(app):
        raise RuntimeError(f"routes without a guard: {', '.join(names)}")


PUBLIC = [
    web.get("/", home.show),
    web.get(PREFIX + "{path:.+}", guards.public(assets.show)),
    web.get("/login", sessions.new),
    web.post("/login", sessions.create),
    web.post("/logout", sessions.destroy),
    web.post("/appearance", appearance.create),
]

SIGNED_IN = [
    web.get("/stream", stream.browser),
]

ADMINISTRATORS: list[web.RouteDef] = []

API = [
    web.get("/api/stream", stream.api),
]

OPERATIONS: list[web.RouteDef] = []
