"""GET /metrics, in the format of Prometheus: for this machine, and for administrators."""

from __future__ import annotations

import ipaddress

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from campana.errors import Unauthorized
from handlers.guards import anyone
from handlers.origin import client_address

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@anyone
async def show(request: web.Request) -> web.Response:
    """GET /metrics"""
    person = request["person"]
    if not (person and person.administers) and not _is_from_here(request):
        raise Unauthorized("Metrics are for this machine and for administrators.")
    return web.Response(
        body=generate_latest(),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )


def _is_from_here(request: web.Request) -> bool:
    """A proxy on this machine brings strangers: only a trusted one's headers are believed."""
    address = client_address(request)
    if address == request.remote and any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
