"""Quiet hours, work days and lowest priority for everybody who has not chosen otherwise."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from campana.administration import attention
from campana.i18n import gettext as _
from campana.preferences.words import week
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.guards import administers

NOUN = "attention"


@administers
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /admin/attention?done"""
    return await _form(request, forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/attention (quiet, quiet_from, quiet_to, day …, min_priority, urgent…, was)"""
    mine, was = await _sent(request), await forms.was(request)
    try:
        await attention.change(request.app[DB], request["person"], mine, was)
    except forms.REFUSALS as error:
        return await _form(request, forms.wrong(error), mine, was)
    return forms.done(request, "/admin/attention", "saved", _confirmations())


async def _sent(request: web.Request) -> dict[str, Any]:
    """The form as the verb understands it; days come as one field each, by their bits."""
    typed = await forms.typed(request)
    return {
        "quiet": typed.get("quiet") == "true",
        "quiet_from": typed.get("quiet_from", ""),
        "quiet_to": typed.get("quiet_to", ""),
        "work_days": await forms.days(request),
        "min_priority": typed.get("min_priority", ""),
        "urgent_breaks_through": typed.get("urgent_breaks_through") == "true",
    }


def _confirmations() -> dict[str, str]:
    return {"saved": _("Saved. It counts from the next event on.")}


async def _form(
    request: web.Request,
    state: dict[str, Any],
    typed: dict[str, Any] | None = None,
    was: dict[str, Any] | None = None,
) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        now = await attention.read(tx, me)
    mine = {name: value for name, value in (typed or {}).items() if value != (was or {}).get(name)}
    return frame.show(
        request,
        NOUN,
        "attention/index.html",
        part="attention/_form.html",
        typed=now | mine,
        was=forms.drawn_with(now),
        days=[(1 << place, name) for place, name in week("wide")],
        confirms=_confirmations(),
        **state,
    )
