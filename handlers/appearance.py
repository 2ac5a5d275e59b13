"""Language, theme and density: kept by this browser, the language by its person too."""

from __future__ import annotations

from aiohttp import web

from campana import users
from campana.i18n import LOCALES
from handlers import inputs, replies
from handlers.app_keys import DB
from handlers.guards import anyone
from handlers.origin import is_secure
from handlers.render import CHOICES, LOCALE_COOKIE

A_YEAR = 365 * 24 * 3600


@anyone
async def create(request: web.Request) -> web.StreamResponse:
    """POST /appearance (locale, theme, density; an unknown value is the usual one)."""
    fields = await inputs.form(request)
    response = replies.changed(request)
    locale = fields.get("locale")
    if locale in LOCALES:
        _keep(request, response, LOCALE_COOKIE, locale)
        if request["person"] is not None:
            await users.choose_locale(request.app[DB], request["person"], locale)
    for name, choice in CHOICES.items():
        if name in fields:
            value = fields[name]
            _keep(request, response, choice.cookie, value if value in choice.values else "")
    return response


def _keep(request: web.Request, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=A_YEAR, httponly=True, samesite="Lax", secure=is_secure(request)
    )
