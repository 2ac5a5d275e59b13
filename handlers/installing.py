"""Campana as an app of its own: what browsers want to install it, and a page for no connection."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from campana import i18n
from campana.assets import ROOT, STYLES, asset
from campana.i18n import gettext as _
from handlers import render
from handlers.assets import ASK_AGAIN
from handlers.guards import public

OFFLINE = "/offline"
WORKER = "sw.js"
# A worker obeys the policy of its own answer.
WORKER_POLICY = "default-src 'none'; connect-src 'self'"
PAPER, ACCENT = "#f6f5f1", "#0d6662"
ICONS = (
    ("icons/campana-192.png", "192x192", "any"),
    ("icons/campana-512.png", "512x512", "any"),
    ("icons/campana-maskable-512.png", "512x512", "maskable"),
    ("favicon.svg", "any", "any"),
)


@public
async def manifest(request: web.Request) -> web.Response:
    """GET /manifest.webmanifest"""
    with i18n.use_locale(render.locale_of(request)):
        body = orjson.dumps(_described())
    headers = {"Cache-Control": ASK_AGAIN, "Vary": "Accept-Language, Cookie"}
    return web.Response(body=body, content_type="application/manifest+json", headers=headers)


@public
async def worker(request: web.Request) -> web.Response:
    """GET /sw.js: beside its text, what it keeps. A new style sheet so makes a new worker."""
    kept = orjson.dumps([OFFLINE, asset(STYLES), asset("icons.svg"), asset("brand.svg")]).decode()
    return web.Response(
        text=f"const KEPT = {kept};\n{(ROOT / WORKER).read_text()}",
        content_type="text/javascript",
        headers={"Cache-Control": ASK_AGAIN, "Content-Security-Policy": WORKER_POLICY},
    )


@public
async def offline(request: web.Request) -> web.StreamResponse:
    """GET /offline: kept by the worker, so it is nobody's."""
    with i18n.use_locale(render.locale_of(request)):
        response = render.page(request, "errors/offline.html", person=None, unread=0)
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


def _described() -> dict[str, Any]:
    return {
        "id": "/",
        "name": "Campana",
        "short_name": "Campana",
        "description": _("The notifications of your business, as they happen."),
        "lang": i18n.current_locale(),
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": ACCENT,
        "icons": [
            {"src": asset(path), "sizes": sizes, "purpose": purpose, "type": _kind(path)}
            for path, sizes, purpose in ICONS
        ],
        "shortcuts": [{"name": _("Notifications"), "url": "/notifications"}],
    }


def _kind(path: str) -> str:
    return "image/svg+xml" if path.endswith(".svg") else "image/png"
