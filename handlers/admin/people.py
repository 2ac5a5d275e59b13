"""People: found, invited, given another role or branch, let in and out."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from campana import users
from campana.administration import invitations, people, roles
from campana.errors import Conflict
from campana.i18n import gettext as _
from handlers import fitting, replies
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import QueryShape, Shape, path_id
from handlers.guards import administers
from handlers.origin import own_origin

NOUN = "people"
BLANK = {"email": "", "name": "", "role": "", "branch": ""}
STATES = {"active": True, "inactive": False, "all": None}


class PeopleQuery(QueryShape):
    """Who is listed. after: somebody's id, to go on from."""

    q: str | None = Field(None, max_length=120)
    role: str | None = Field(None, max_length=40)
    branch: UUID | None = None
    state: Literal["active", "inactive", "all"] = "all"
    after: UUID | None = None

    @property
    def which(self) -> people.Filter:
        return people.Filter(self.q, self.role, self.branch, STATES[self.state], self.after)


class Described(Shape):
    """What an administrator says of a person."""

    name: str = Field(max_length=200)
    role: str = Field(max_length=80)
    branch: str = Field("", max_length=80)


class Edit(Described):
    """Somebody known. email: left out, it stays as it is."""

    email: str | None = Field(None, max_length=300)


class Invite(Described):
    """Somebody new."""

    email: str = Field(max_length=300)


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/people?q&role&branch&state&after"""
    query, person = fitting.query(request, PeopleQuery), request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        listed = await people.page(tx, person.tenant_id, query.which)
        choices = await _choices(tx, person.tenant_id)
    return frame.show(
        request,
        NOUN,
        "people/index.html",
        part="people/_list.html",
        query=query,
        listed=listed,
        most=people.MOST_COUNTED,
        **choices,
    )


@administers
async def new(request: web.Request) -> web.StreamResponse:
    """GET /admin/people/new"""
    return await _invitation_form(request, BLANK, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/people (email, name, role, branch): answers with the link, shown this once."""
    try:
        invite = await fitting.form(request, Invite)
        person_id, token = await invitations.invite(
            request.app[DB], request["person"], **invite.model_dump()
        )
    except forms.REFUSALS as error:
        typed = BLANK | await forms.typed(request)
        return await _invitation_form(request, typed, forms.wrong(error))
    return await _link(request, person_id, token)


@administers
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /admin/people/{id}?done"""
    return await _person(request, forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/{id} (email, name, role, branch, was)"""
    person_id, was = path_id(request), await forms.was(request)
    typed = await forms.typed(request)
    try:
        sent = {name: text for name, text in typed.items() if text or name == "email"}
        form = fitting.fit(Edit, sent)
        changed = await people.change(
            request.app[DB], request["person"], person_id, form.model_dump(exclude_none=True), was
        )
    except forms.REFUSALS as error:
        return await _person(request, forms.wrong(error), typed, was)
    return _done(request, next((name for name in ("role", "email") if name in changed), "saved"))


@administers
async def deactivate(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/{id}/deactivate"""
    me, person_id = request["person"], path_id(request)
    try:
        await users.deactivate(request.app[DB], me.tenant_id, person_id, actor=me.actor)
    except Conflict:
        return await _person(request, forms.wrong(roles.last_administrator()))
    return _done(request, "deactivated")


@administers
async def activate(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/{id}/activate"""
    me, person_id = request["person"], path_id(request)
    await users.activate(request.app[DB], me.tenant_id, person_id, actor=me.actor)
    return _done(request, "activated")


@administers
async def sign_out(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/{id}/sign-out: on every device, at once."""
    await people.sign_out_everywhere(request.app[DB], request["person"], path_id(request))
    return _done(request, "signed-out")


@administers
async def renew(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/{id}/invitation: another link, shown this once."""
    person_id = path_id(request)
    try:
        token = await invitations.renew(request.app[DB], request["person"], person_id)
    except forms.REFUSALS as error:
        return await _person(request, forms.wrong(error))
    return await _link(request, person_id, token)


def _confirmations() -> dict[str, str]:
    return {
        "saved": _("Saved."),
        "role": _("Saved. The new role counts at once; older sessions have ended."),
        "email": _("Saved. From now on they sign in with the new e-mail; nobody is signed out."),
        "deactivated": _("This person is signed out everywhere and cannot sign in."),
        "activated": _("This person can sign in again."),
        "signed-out": _("Signed out on every device."),
    }


def _done(request: web.Request, what: str) -> web.StreamResponse:
    """Who took their own rights or sessions goes where they may still go."""
    me, person_id = request["person"], path_id(request)
    if person_id == me.id and what not in ("saved", "email") and not replies.is_htmx(request):
        return replies.see_other("/login")
    return forms.done(request, f"/admin/people/{person_id}", what, _confirmations())


async def _choices(tx: Any, tenant_id: UUID) -> dict[str, Any]:
    """Pairs of value and label, for the fields that choose."""
    every_role = await roles.every(tx, tenant_id)
    every_branch = await people.branches(tx, tenant_id)
    return {
        "role_choices": [(row["name"], row["name"]) for row in every_role],
        "branch_choices": [(str(row["id"]), row["name"]) for row in every_branch],
    }


async def _invitation_form(
    request: web.Request, typed: dict[str, str], state: dict[str, Any]
) -> web.StreamResponse:
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        choices = await _choices(tx, person.tenant_id)
    template, part = "people/new.html", "people/_new.html"
    return frame.show(request, NOUN, template, part=part, typed=typed, **choices, **state)


async def _person(
    request: web.Request,
    state: dict[str, Any],
    typed: dict[str, str] | None = None,
    was: dict[str, Any] | None = None,
) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        row = await people.one(tx, me.tenant_id, path_id(request))
        choices = await _choices(tx, me.tenant_id)
    now = people.as_form(row)
    return frame.show(
        request,
        NOUN,
        "people/edit.html",
        part="people/_edit.html",
        who=row,
        typed=forms.again(now, typed or {}, was or {}),
        was=forms.drawn_with(now),
        confirms=_confirmations(),
        **choices,
        **state,
    )


async def _link(request: web.Request, person_id: UUID, token: str) -> web.StreamResponse:
    """No redirect: the link is nowhere but in this answer."""
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        row = await people.one(tx, me.tenant_id, person_id)
    link = f"{own_origin(request)}/invitation?token={token}"
    template, part = "people/link.html", "people/_link.html"
    return frame.show(
        request, NOUN, template, part=part, who=row, link=link, days=invitations.LIFE.days
    )
