"""Who asks: a person by session, a program by API key, or a person for whom a key acts.

Keys count under /api/ only, where they win over a cookie. They come as `X-API-Key` or
`Authorization: Bearer`; `user=` (e-mail or id) makes the key act for that person.
"""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp_session import get_session

from campana import keys
from campana.errors import Unauthorized
from campana.keys import KeyIdentity
from campana.users import Person
from handlers.app_keys import DB
from handlers.session_storage import COOKIE

JWT = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")


async def identify(request: web.Request) -> None:
    """Fills `request['person']` and `request['key']`; Unauthorized for a dead key."""
    key = presented_key(request)
    if key is None:
        if COOKIE in request.cookies:
            await get_session(request)  # the storage leaves the person on the request
        return
    found = await keys.identify(request.app[DB], key, request.query.get("user"))
    if isinstance(found, KeyIdentity):
        request["key"] = found
    else:
        request["person"] = found


def presented_key(request: web.Request) -> str | None:
    """The API key of a request to /api/; None when it shows none."""
    if not request.path.startswith("/api/"):
        return None
    if key := request.headers.get("X-API-Key"):
        return key.strip()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    if JWT.fullmatch(token.strip()):
        raise Unauthorized("Tokens of this kind (JWT) are not accepted.", hint="Send an API key.")
    return token.strip()


def by_session(person: Person | None) -> bool:
    """Whether the browser sent the credential by itself, so that other sites could make it."""
    return person is not None and person.credential == "session"
