"""How long a request may take to come: whoever sends half of one shall not keep a place for ever.

The head is aiohttp's business (`keepalive_timeout`, from CAMPANA_IDLE_SECONDS); this is the body.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from campana.errors import TooSlow
from handlers.app_keys import SETTINGS

LEAST_RATE = 500
"""Bytes a second, as Apache's mod_reqtimeout asks of bodies: no drip keeps the door open."""


@web.middleware
async def hurry(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who reads the body of a request that comes too slowly gets TooSlow."""
    if request.content.is_eof():  # nearly always: it came along with the head, or there is none
        return await handler(request)
    watch = _Watch(request)
    try:
        return await handler(request)
    finally:
        watch.end()


class _Watch:
    """Looks at a body when it should be there, and again as long as it keeps coming."""

    def __init__(self, request: web.Request) -> None:
        self._content = request.content
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + request.app[SETTINGS].body_seconds
        self._timer = self._loop.call_at(self._until, self._look)

    def end(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        due = self._until + self._content.total_bytes / LEAST_RATE
        if self._content.is_eof():
            return
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._content.set_exception(_too_slow())


def _too_slow() -> TooSlow:
    error = TooSlow("The body did not come in time.", hint="Send it again, in one go.")
    error.headers = {"Connection": "close"}
    return error
