"""API keys: made and shown once, what they may do, when they were last used, revoked."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from campana import keys
from campana.administration import api_keys
from campana.errors import NotFound
from campana.i18n import gettext as _
from handlers import inputs
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import administers

NOUN = "keys"
BLANK: dict[str, Any] = {"name": "", "scopes": ["publish"], "days": "365"}


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/keys?done"""
    return await _list(request, BLANK, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/keys (name, scopes …, days): answers with the key, shown this once."""
    pairs = await inputs.fields(request)
    typed = await forms.typed(request)
    scopes = [value for name, value in pairs if name == "scopes"]
    name, days = typed.get("name", "").strip(), typed.get("days", "")
    try:
        key, _id = await api_keys.create(
            request.app[DB], request["person"], name=name, scopes=scopes, days=_days(days)
        )
    except forms.REFUSALS as error:
        again = {"name": name, "scopes": scopes, "days": days}
        return await _list(request, again, forms.wrong(error))
    return frame.show(request, NOUN, "keys/shown.html", part="keys/_shown.html", key=key, name=name)


@administers
async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /admin/keys/{id}/revoke: twice is once."""
    me, key_id = request["person"], path_id(request)
    try:
        await keys.revoke(request.app[DB], me.tenant_id, key_id, actor=me.actor)
    except NotFound:
        if key_id not in [row["id"] for row in await keys.of_tenant(request.app[DB], me.tenant_id)]:
            raise
    return forms.done(request, "/admin/keys", "revoked", _confirmations())


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _confirmations() -> dict[str, str]:
    return {"revoked": _("The key is revoked; what it had open is closed.")}


async def _list(
    request: web.Request,
    typed: dict[str, Any],
    state: dict[str, Any],
) -> web.StreamResponse:
    living, dead = await api_keys.listed(request.app[DB], request["person"])
    return frame.show(
        request,
        NOUN,
        "keys/index.html",
        part="keys/_new.html",
        living=living,
        dead=dead,
        typed=typed,
        scopes=keys.SCOPES,
        lives=api_keys.LIVES,
        confirms=_confirmations(),
        **state,
    )
