"""Tokens of our own: POST /api/tokens, by a key and for the person it acts for."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from campana import own_tokens
from handlers import replies
from handlers.app_keys import SETTINGS
from handlers.declare import QueryShape, Shape, operation
from handlers.guards import program


class HowLong(Shape):
    """What kind of token."""

    seconds: int = Field(3600, ge=60, le=own_tokens.LONGEST_LIFE, description="How long it holds.")


class ForWhom(QueryShape):
    """Whose token."""

    user: str = Field(description="The person, by e-mail or id.")


class MadeToken(Shape):
    """A token (JWT), to be sent as Authorization: Bearer."""

    token: str
    expires_at: datetime


@program("impersonate")
@operation(
    "Make a token for a person",
    tag="tokens",
    query=ForWhom,
    form=HowLong,
    answers={201: MadeToken},
)
async def create(request: web.Request, query: ForWhom, form: HowLong) -> web.Response:
    """POST /api/tokens?user=

    Whoever has the token is that person under /api/, streams included, until it ends or the key is
    revoked; it cannot publish.
    """
    secrets, person = request.app[SETTINGS].token_secrets, request["person"]
    token, end = own_tokens.make(secrets, person, form.seconds)
    return replies.json({"token": token, "expiresAt": end.isoformat()}, status=201)
