"""A sentence that outlives a redirect: kept with the session, said once by the next page."""

from __future__ import annotations

from aiohttp import web
from aiohttp_session import get_session

from handlers import identity

KEPT_AS = "flash"


async def leave(request: web.Request, text: str, *, variant: str) -> None:
    """For people in a browser; who comes by key or token has no session to keep it in."""
    if identity.by_session(request["person"]):
        (await get_session(request))[KEPT_AS] = {"variant": variant, "text": text}


async def take(request: web.Request) -> list[dict[str, str]]:
    """What was left, for `flashes` of layout.html."""
    if not identity.by_session(request["person"]):
        return []
    session = await get_session(request)
    return [session.pop(KEPT_AS)] if KEPT_AS in session else []
