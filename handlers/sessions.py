"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import Any

from aiohttp import web
from aiohttp_session import get_session, new_session

from campana import demo, sessions
from campana.errors import CampanaError, TooMany, Unauthorized
from campana.i18n import gettext as _
from campana.i18n import ngettext
from handlers.app_keys import DB, SETTINGS
from handlers.guards import anyone
from handlers.inputs import Form, form
from handlers.origin import client_address
from handlers.render import page
from handlers.replies import headers_of, local_path, see_other, wants_html
from handlers.session_storage import COOKIE


@anyone
async def new(request: web.Request) -> web.StreamResponse:
    """GET /login"""
    if request["person"] is not None:
        return see_other(local_path(request.query.get("next")))
    return _page(request, request.query)


@anyone
async def create(request: web.Request) -> web.StreamResponse:
    """POST /login (email, password, next)"""
    fields = await form(request)
    try:
        await _sign_in(request, fields.get("email", ""), fields.get("password", ""))
    except (Unauthorized, TooMany) as error:
        if not wants_html(request):
            raise
        return _page(request, fields, error)
    return see_other(local_path(fields.get("next")))


@anyone
async def destroy(request: web.Request) -> web.StreamResponse:
    """POST /logout"""
    if token := request.cookies.get(COOKIE):
        await sessions.close(request.app[DB], token)
        (await get_session(request)).invalidate()
    return see_other("/login")


async def _sign_in(request: web.Request, email: str, password: str) -> None:
    """A new session id at every sign-in; the one this browser had before is closed."""
    db, address = request.app[DB], client_address(request)
    lifetime = timedelta(days=request.app[SETTINGS].session_days)
    account = await sessions.authenticate(db, email, password, address)
    if before := request.cookies.get(COOKIE):
        await sessions.close(db, before)
    session = await new_session(request)
    session["user"] = str(account.user_id)
    token = await sessions.open_session(db, account, dict(session), lifetime, address)
    session.set_new_identity(token)


def _page(
    request: web.Request, fields: Form, error: CampanaError | None = None
) -> web.StreamResponse:
    response = page(
        request,
        "sessions/new.html",
        status=error.status if error else 200,
        email=fields.get("email", ""),
        next=local_path(fields.get("next"), default=""),
        error=_in_words(error),
        demo_people=_one_click_people() if request.app[SETTINGS].demo else None,
    )
    response.headers.update(headers_of(error) if error else {})
    return response


def _in_words(error: CampanaError | None) -> str | None:
    if error is None:
        return None
    if isinstance(error, TooMany):
        seconds = error.retry_after or 1
        return ngettext(
            "Too many attempts. Try again in %(num)s second.",
            "Too many attempts. Try again in %(num)s seconds.",
            seconds,
        ) % {"num": seconds}
    return _("E-mail or password is wrong.")


def _one_click_people() -> list[dict[str, Any]]:
    pairs = groupby(demo.one_click_people(), key=lambda pair: pair[0])
    return [
        {"tenant_name": tenant.name, "people": [person for _tenant, person in group]}
        for tenant, group in pairs
    ]
