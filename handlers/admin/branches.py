"""Branches: new ones, those where nobody works any more."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from campana.administration import branches
from campana.i18n import gettext as _
from handlers import fitting
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import Shape, path_id
from handlers.guards import administers

NOUN = "branches"


class NewBranch(Shape):
    """A place of work."""

    name: str = Field(max_length=200)


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/branches?done"""
    return await _list(request, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/branches (name)"""
    typed = await forms.typed(request)
    try:
        form = await fitting.form(request, NewBranch)
        await branches.create(request.app[DB], request["person"], form.name.strip())
    except forms.REFUSALS as error:
        return await _list(request, forms.wrong(error), typed=typed)
    return forms.done(request, "/admin/branches", "created", _confirmations())


@administers
async def delete(request: web.Request) -> web.StreamResponse:
    """POST /admin/branches/{id}/delete"""
    try:
        await branches.delete(request.app[DB], request["person"], path_id(request))
    except forms.REFUSALS as error:
        return await _list(request, forms.wrong(error))
    return forms.done(request, "/admin/branches", "deleted", _confirmations())


def _confirmations() -> dict[str, str]:
    return {
        "created": _("The branch is there. Give it to people on their page."),
        "deleted": _("The branch is gone."),
    }


async def _list(
    request: web.Request, state: dict[str, Any], typed: dict[str, str] | None = None
) -> web.StreamResponse:
    return await frame.listing(request, NOUN, branches.every, state, typed, _confirmations())
