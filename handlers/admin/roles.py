"""Roles: who may administer, new ones, those that nobody has any more."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from campana.administration import roles
from campana.i18n import gettext as _
from handlers import fitting
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import Shape
from handlers.guards import administers

NOUN = "roles"


class NewRole(Shape):
    """A role as it is typed; its capitals are ours to make."""

    name: str = Field(max_length=80)
    administers: bool = False


class Rights(Shape):
    """What those who have the role may do. A box that is not ticked is not sent."""

    administers: bool = False
    was: str = ""


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/roles?done"""
    return await _list(request, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/roles (name, administers)"""
    typed = await forms.typed(request)
    try:
        form = await fitting.form(request, NewRole)
        name = form.name.strip().upper().replace(" ", "_")
        await roles.create(request.app[DB], request["person"], name, administers=form.administers)
    except forms.REFUSALS as error:
        return await _list(request, forms.wrong(error), typed=typed)
    return forms.done(request, "/admin/roles", "created", _confirmations())


@administers
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /admin/roles/{id}: the id of a role is its name."""
    return await _role(request, forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/roles/{id} (administers, was)"""
    name, was = request.match_info["id"], await forms.was(request)
    try:
        form = await fitting.form(request, Rights)
        await roles.change(
            request.app[DB], request["person"], name, administers=form.administers, was=was
        )
    except forms.REFUSALS as error:
        return await _role(request, forms.wrong(error))
    return forms.done(request, "/admin/roles", "changed", _confirmations())


@administers
async def delete(request: web.Request) -> web.StreamResponse:
    """POST /admin/roles/{id}/delete"""
    try:
        await roles.delete(request.app[DB], request["person"], request.match_info["id"])
    except forms.REFUSALS as error:
        return await _role(request, forms.wrong(error))
    return forms.done(request, "/admin/roles", "deleted", _confirmations())


def _confirmations() -> dict[str, str]:
    return {
        "created": _("The role is there. Give it to people on their page."),
        "changed": _("Saved. It counts at once, on open pages too."),
        "deleted": _("The role is gone."),
    }


async def _list(
    request: web.Request, state: dict[str, Any], typed: dict[str, str] | None = None
) -> web.StreamResponse:
    return await frame.listing(request, NOUN, roles.every, state, typed, _confirmations())


async def _role(request: web.Request, state: dict[str, Any]) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        row = await roles.one(tx, me.tenant_id, request.match_info["id"])
    was = forms.drawn_with({"administers": row["administers"]})
    template, part = "roles/edit.html", "roles/_edit.html"
    return frame.show(request, NOUN, template, part=part, role=row, was=was, **state)
