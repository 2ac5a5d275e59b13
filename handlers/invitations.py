"""The page that an invitation leads to: its holder chooses a password and is signed in.

The token travels in the query and in the form, never in the path, which is logged.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp_session import new_session

from campana import sessions
from campana.administration import invitations
from campana.errors import Invalid, NotFound
from campana.i18n import gettext as _
from handlers.app_keys import DB, SETTINGS
from handlers.guards import anyone
from handlers.inputs import form
from handlers.origin import client_address
from handlers.render import page
from handlers.replies import see_other
from handlers.session_storage import COOKIE


@anyone
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /invitation?token"""
    return await _page(request, request.query.get("token", ""))


@anyone
async def update(request: web.Request) -> web.StreamResponse:
    """POST /invitation (token, password, again)"""
    fields = await form(request)
    token, password = fields.get("token", ""), fields.get("password", "")
    try:
        if password != fields.get("again"):
            raise Invalid(_("These were two different passwords."), field="again")
        account = await invitations.accept(request.app[DB], token, password)
    except Invalid as error:
        return await _page(request, token, {one.field: one.message for one in error.errors})
    except NotFound:
        return await _page(request, token)
    await _sign_in(request, account)
    return see_other("/")


async def _sign_in(request: web.Request, account: sessions.Account) -> None:
    db = request.app[DB]
    lifetime = timedelta(days=request.app[SETTINGS].session_days)
    if before := request.cookies.get(COOKIE):
        await sessions.close(db, before)
    session = await new_session(request)
    session["user"] = str(account.user_id)
    address = client_address(request)
    token = await sessions.open_session(db, account, dict(session), lifetime, address)
    session.set_new_identity(token)


async def _page(
    request: web.Request, token: str, errors: dict[str, str] | None = None
) -> web.StreamResponse:
    holder: Any = None
    try:
        holder = await invitations.find(request.app[DB], token)
    except NotFound:
        return page(request, "invitations/edit.html", 404, holder=None)
    status = 422 if errors else 200
    return page(
        request, "invitations/edit.html", status, holder=holder, token=token, errors=errors or {}
    )
