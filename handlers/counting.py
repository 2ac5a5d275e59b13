"""Answers are counted for the tenant they were given to: how many, how many failed by our fault."""

from __future__ import annotations

from aiohttp import web

from handlers.app_keys import TALLY


async def note(request: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` signal."""
    if who := request.get("person"):
        request.app[TALLY].answered(who.tenant_id, failed=response.status >= 500)
    elif key := request.get("key"):
        request.app[TALLY].answered(key.tenant_id, failed=response.status >= 500)
