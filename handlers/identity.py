"""Who asks: a person by session or token (JWT), a program by API key, or a person it acts for.

Keys and tokens count under /api/ only, where they win over a cookie. A key comes as `X-API-Key` or
`Authorization: Bearer`, and `user=` (e-mail or id) makes it act for that person; a token, of our
own or of an issuer that the tenant trusts, comes as `Authorization: Bearer`.
"""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp_session import get_session

from campana import own_tokens, tokens
from campana.keys import KeyIdentity
from campana.users import Person
from handlers.app_keys import DB, KEYRING, SETTINGS
from handlers.session_storage import COOKIE

JWT = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")


async def identify(request: web.Request) -> None:
    """Fills `request['person']` and `request['key']`; Unauthorized for a dead key or token."""
    key = presented(request)
    if key is None:
        if COOKIE in request.cookies:
            await get_session(request)  # the storage leaves the person on the request
        return
    if JWT.fullmatch(key):
        request["person"] = await _by_token(request, key)
        return
    found = await request.app[KEYRING].identify(key, request.query.get("user"))
    if isinstance(found, KeyIdentity):
        request["key"] = found
    else:
        request["person"] = found


async def _by_token(request: web.Request, token: str) -> Person:
    db, secrets = request.app[DB], request.app[SETTINGS].token_secrets
    if secrets and own_tokens.is_ours(token):
        return await own_tokens.identify(db, secrets, token)
    return await tokens.identify(db, token)


def presented(request: web.Request) -> str | None:
    """The API key or token of a request to /api/; None when it shows none."""
    if not request.path.startswith("/api/"):
        return None
    if key := request.headers.get("X-API-Key"):
        return key.strip()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def by_session(person: Person | None) -> bool:
    """Whether the browser sent the credential by itself, so that other sites could make it."""
    return person is not None and person.credential == "session"
