"""A person's own data: handed out as a file, or erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from aiohttp import web

from campana.administration import people, privacy
from campana.administration.roles import last_administrator
from campana.errors import Conflict
from campana.i18n import gettext as _
from handlers import downloads, replies
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import administers

NOUN = "people"


@administers
async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/people/{id}/privacy"""
    return await _page(request, forms.right())


@administers
async def export(request: web.Request) -> web.StreamResponse:
    """GET /admin/people/{id}/export: JSON lines, however many."""
    me, person = request["person"], path_id(request)
    lines = _lines(privacy.export(request.app[DB], me.tenant_id, person))
    return await downloads.send(request, f"person-{person}.jsonl", "application/jsonl", lines)


@administers
async def erase(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/{id}/erase (email): typed once more, since nothing brings it back."""
    me, person = request["person"], path_id(request)
    typed = await forms.typed(request)
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        row = await people.one(tx, me.tenant_id, person)
    if typed.get("email", "").strip().lower() != row["email"]:
        return await _page(request, _not_meant())
    try:
        await privacy.erase(request.app[DB], me.tenant_id, person, actor=me.actor)
    except Conflict:
        return await _page(request, forms.wrong(last_administrator()))
    to = "/login" if person == me.id else f"/admin/people/{person}/privacy"
    return replies.see_other(to)


def _not_meant() -> dict[str, Any]:
    said = _("This is not the person's e-mail.")
    return {"errors": {"email": said}, "theirs": {}, "problem": "", "status": 422}


async def _lines(pieces: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield orjson.dumps(piece, default=str) + b"\n"


async def _page(request: web.Request, state: dict[str, Any]) -> web.StreamResponse:
    me, person = request["person"], path_id(request)
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        row = await people.one(tx, me.tenant_id, person)
        erasure = await privacy.erasure(tx, me.tenant_id, person)
    template, part = "people/privacy.html", "people/_privacy.html"
    return frame.show(request, NOUN, template, part=part, who=row, erasure=erasure, **state)
