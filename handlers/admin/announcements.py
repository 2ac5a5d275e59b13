"""Announcements: written, counted before they go, followed while they do, corrected, taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from campana.administration import announcements, audiences, people, roles, tenant_settings
from campana.administration.announcements import Draft
from campana.errors import Invalid
from campana.i18n import LANGUAGE_NAMES, LOCALES
from campana.i18n import gettext as _
from handlers import fitting, replies
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import QueryShape, path_id
from handlers.guards import administers
from handlers.render import page

NOUN = "announcements"
BLANK = {"audience": "all", "priority": "medium", "deliver_at": "", "several": ""}
MOVING = ("waiting", "sending", "changing")
"""States that a page looks at again by itself."""


class ListQuery(QueryShape):
    """before: an announcement's id, to go on from. done: what has just been done."""

    before: UUID | None = None
    done: str | None = None


class NewQuery(QueryShape):
    """several: words of its own for each language."""

    several: Literal["true"] | None = None


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/announcements?before&done"""
    query, me = fitting.query(request, ListQuery), request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        listed = await announcements.page(tx, me.tenant_id, query.before)
    return frame.show(
        request,
        NOUN,
        "announcements/index.html",
        part="announcements/_list.html",
        query=query,
        listed=listed,
        moving=MOVING,
        confirms=_confirmations(),
    )


@administers
async def new(request: web.Request) -> web.StreamResponse:
    """GET /admin/announcements/new?several"""
    several = fitting.query(request, NewQuery).several or ""
    return await _form(request, BLANK | {"several": several}, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/announcements (title, message or title_es …, audience, priority, deliver_at)"""
    typed = BLANK | await forms.typed(request)
    try:
        draft = Draft(
            _words_of(typed), typed["audience"], typed["priority"], await _due(request, typed)
        )
        announcement = await announcements.send(request.app[DB], request["person"], draft)
    except forms.REFUSALS as error:
        return await _form(request, typed, forms.wrong(error))
    return replies.see_other(f"/admin/announcements/{announcement}?done=sent")


@administers
async def count(request: web.Request) -> web.StreamResponse:
    """POST /admin/announcements/count (audience): whom it names, beside the form or in it."""
    typed = BLANK | await forms.typed(request)
    counted = await _counted(request, typed["audience"])
    if replies.is_htmx(request):
        return page(request, "admin/announcements/_count.html", counted=counted)
    return await _form(request, typed, forms.right(), counted)


@administers
async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/announcements/{id}?done"""
    return await _one(request, forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/announcements/{id} (title, message, or in several languages): corrected."""
    typed, announcement = BLANK | await forms.typed(request), path_id(request)
    try:
        await announcements.correct(
            request.app[DB], request["person"], announcement, _words_of(typed)
        )
    except forms.REFUSALS as error:
        return await _one(request, forms.wrong(error), typed)
    return replies.see_other(f"/admin/announcements/{announcement}?done=corrected")


@administers
async def withdraw(request: web.Request) -> web.StreamResponse:
    """POST /admin/announcements/{id}/withdraw: also what is scheduled or on its way."""
    announcement = path_id(request)
    try:
        await announcements.withdraw(request.app[DB], request["person"], announcement)
    except forms.REFUSALS as error:
        return await _one(request, forms.wrong(error))
    return replies.see_other(f"/admin/announcements/{announcement}?done=withdrawn")


def _confirmations() -> dict[str, str]:
    return {
        "sent": _("The announcement is on its way, or waits for its time."),
        "corrected": _("The new words are shown from now on."),
        "withdrawn": _("The announcement is taken back."),
    }


def _words_of(typed: dict[str, str]) -> dict[str, dict[str, str]]:
    """As campana.administration.announcements.Texts."""
    ends = {locale: f"_{locale}" for locale in LOCALES} if typed.get("several") else {"": ""}
    return {
        locale: {
            "title": typed.get(f"title{end}", "").strip(),
            "message": typed.get(f"message{end}", "").strip(),
        }
        for locale, end in ends.items()
    }


async def _due(request: web.Request, typed: dict[str, str]) -> datetime | None:
    """The moment meant by a date and time where the tenant is."""
    if not typed["deliver_at"]:
        return None
    try:
        at = datetime.fromisoformat(typed["deliver_at"]).replace(tzinfo=None)
        return at.replace(tzinfo=ZoneInfo(await _zone(request))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(_("This is no date with a time."), field="deliver_at") from None


async def _zone(request: web.Request) -> str:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        return (await tenant_settings.read(tx, me.tenant_id)).time_zone


async def _counted(request: web.Request, audience: str) -> dict[str, Any]:
    me = request["person"]
    try:
        async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
            found, names = await audiences.named(tx, me.tenant_id, audience, without=me.id)
    except Invalid as error:
        return {"problem": str(error)}
    return {"people": found, "names": names}


async def _form(
    request: web.Request,
    typed: dict[str, str],
    state: dict[str, Any],
    counted: dict[str, Any] | None = None,
) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        every = [f"role:{row['name']}" for row in await roles.every(tx, me.tenant_id)]
        every += [f'branch:"{row["name"]}"' for row in await people.branches(tx, me.tenant_id)]
    return frame.show(
        request,
        NOUN,
        "announcements/new.html",
        part="announcements/_new.html",
        typed=typed,
        locales=[(locale, LANGUAGE_NAMES[locale]) for locale in LOCALES],
        terms=["all", *every],
        zone=await _zone(request),
        counted=counted or await _counted(request, typed["audience"]),
        **state,
    )


async def _one(
    request: web.Request,
    state: dict[str, Any],
    typed: dict[str, str] | None = None,
) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        row = await announcements.one(tx, me.tenant_id, path_id(request))
    return frame.show(
        request,
        NOUN,
        "announcements/show.html",
        part="announcements/_state.html",
        one=row,
        typed=typed or _as_form(row["words"]),
        locales=[(locale, LANGUAGE_NAMES[locale]) for locale in LOCALES],
        moving=MOVING,
        confirms=_confirmations(),
        **state,
    )


def _as_form(words: dict[str, dict[str, str]]) -> dict[str, str]:
    typed = {"several": "" if "" in words else "true"}
    for locale, said in words.items():
        end = f"_{locale}" if locale else ""
        typed |= {f"title{end}": said["title"], f"message{end}": said["message"]}
    return typed
