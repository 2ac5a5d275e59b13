"""Settings of the tenant: its name, time and language, what is kept and when to raise an alarm."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from campana.administration import tenant_settings
from campana.administration.tenant_settings import TenantSettings
from campana.i18n import gettext as _
from handlers import fitting
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.guards import administers

NOUN = "settings"


@administers
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /admin/settings?done"""
    return await _form(request, forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/settings (the fields of TenantSettings, was)"""
    typed, was = await forms.typed(request), await forms.was(request)
    try:
        sent = {name: text for name, text in typed.items() if text != ""}
        mine = fitting.fit(TenantSettings, sent)
        await tenant_settings.change(request.app[DB], request["person"], mine, was)
    except forms.REFUSALS as error:
        return await _form(request, forms.wrong(error), {"keep_unread": "", **typed}, was)
    return forms.done(request, "/admin/settings", "saved", _confirmations())


def _confirmations() -> dict[str, str]:
    return {"saved": _("Saved.")}


async def _form(
    request: web.Request,
    state: dict[str, Any],
    typed: dict[str, str] | None = None,
    was: dict[str, Any] | None = None,
) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        now = (await tenant_settings.read(tx, me.tenant_id)).model_dump()
    return frame.show(
        request,
        NOUN,
        "settings/index.html",
        part="settings/_form.html",
        typed=forms.again(now, typed or {}, was or {}),
        was=forms.drawn_with(now),
        zones=sorted(tenant_settings.time_zones()),
        confirms=_confirmations(),
        **state,
    )
