"""Language and theme: kept by this browser, the language by its person too."""

from __future__ import annotations

from aiohttp import web

from campana import users
from campana.i18n import LOCALES
from handlers import inputs, replies
from handlers.app_keys import DB
from handlers.guards import anyone
from handlers.origin import is_secure
from handlers.render import LOCALE_COOKIE, THEME_COOKIE, THEMES

A_YEAR = 365 * 24 * 3600


@anyone
async def create(request: web.Request) -> web.StreamResponse:
    """POST /appearance (locale, theme; an unknown theme is the automatic one)."""
    fields = await inputs.form(request)
    response = replies.changed(request)
    locale, theme = fields.get("locale"), fields.get("theme")
    if locale in LOCALES:
        _keep(request, response, LOCALE_COOKIE, locale)
        if request["person"] is not None:
            await users.choose_locale(request.app[DB], request["person"], locale)
    if theme is not None:
        _keep(request, response, THEME_COOKIE, theme if theme in THEMES else "")
    return response


def _keep(request: web.Request, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=A_YEAR, httponly=True, samesite="Lax", secure=is_secure(request)
    )
