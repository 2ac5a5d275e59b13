"""Notifications policy: what tenant and roles say of each type and channel, and for whom it counts.

A change is looked at first (`preview`), then made (`update`), and can be taken back (`undo`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from campana.administration.policy import change, sheet, undo
from campana.administration.policy.draft import Draft, Wanted
from campana.administration.policy.understanding import understood
from campana.channels import CHANNELS
from campana.errors import CampanaError, Conflict
from campana.i18n import gettext as _
from campana.preferences import words
from campana.preferences.presets import PRESETS
from handlers import fitting, flashes, replies
from handlers.admin import forms, frame, policy_hours
from handlers.admin.policy_forms import again, applies_to, drawn_with, wanted
from handlers.admin.policy_words import (
    applied,
    audited_state,
    cell_in_words,
    change_in_words,
    state_in_words,
)
from handlers.app_keys import DB
from handlers.declare import QueryShape
from handlers.guards import administers

NOUN = "policy"
HOME = "/admin/policy"


class PolicyQuery(QueryShape):
    """layer: a role; left out for everybody. q: words of a type. after: a type, to go on from."""

    layer: str = Field("", max_length=80)
    q: str = Field("", max_length=120)
    after: str = Field("", max_length=80)
    every: bool = False


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/policy?layer&q&after&every"""
    query = fitting.query(request, PolicyQuery)
    return await _sheet(request, query, await flashes.take(request))


@administers
async def preview(request: web.Request) -> web.StreamResponse:
    """POST /admin/policy/preview (layer, preset, was, and the fields of policy_forms)"""
    asked = await wanted(request)
    return await _preview(request, asked)


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/policy (as above, applies_to, reason)"""
    asked = await wanted(request)
    try:
        people = await change.apply(
            request.app[DB], request["person"], asked, await applies_to(request)
        )
    except forms.REFUSALS as error:
        return await _preview(request, asked, error)
    return await _done(request, asked.role, applied(people))


@administers
async def preview_hours(request: web.Request) -> web.StreamResponse:
    """POST /admin/policy/hours/preview (layer, was, and the fields of policy_hours)"""
    typed = await policy_hours.typed(request)
    try:
        asked = policy_hours.wanted(typed, await forms.was(request))
    except forms.REFUSALS as error:
        return await _sheet(request, _of(typed), hours=typed, error=error)
    return await _preview(request, asked, hours=typed)


@administers
async def update_hours(request: web.Request) -> web.StreamResponse:
    """POST /admin/policy/hours (as above)"""
    typed = await policy_hours.typed(request)
    try:
        asked = policy_hours.wanted(typed, await forms.was(request))
        people = await change.apply(request.app[DB], request["person"], asked, "unchanged")
    except forms.REFUSALS as error:
        return await _sheet(request, _of(typed), hours=typed, error=error)
    return await _done(request, asked.role, applied(people))


@administers
async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /admin/policy/undo (change, layer)"""
    typed = await forms.typed(request)
    layer = typed.get("layer", "")[:80]
    try:
        await undo.undo(request.app[DB], request["person"], _id(typed.get("change", "")))
    except Conflict as error:
        return await _sheet(request, PolicyQuery(layer=layer), error=error)
    return await _done(request, layer, _("The last change is taken back."))


async def _done(request: web.Request, layer: str, said: str) -> web.StreamResponse:
    """The sheet as it is by now, saying what was done."""
    if replies.is_htmx(request):
        return await _sheet(request, PolicyQuery(layer=layer), [_flash(said)])
    await flashes.leave(request, said, variant="success")
    return replies.see_other(f"{HOME}?{frame.address(PolicyQuery(layer=layer))}")


async def _sheet(
    request: web.Request,
    query: PolicyQuery,
    said: list[dict[str, str]] | None = None,
    hours: dict[str, Any] | None = None,
    error: CampanaError | None = None,
) -> web.StreamResponse:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        found = await sheet.read(tx, me, query.layer, sought=query.q, after=query.after)
        newest = await undo.last(tx, me)
        times = await policy_hours.read(tx, me, query.layer, hours)
    return frame.show(
        request,
        NOUN,
        "policy/index.html",
        part="policy/_sheet.html",
        query=query,
        sheet=found,
        shown=[one for one in CHANNELS if query.every or one.is_set_up],
        newest=newest,
        newest_in_words=change_in_words(newest) if newest else "",
        hours=times,
        presets=list(PRESETS),
        said=said,
        drawn_with=drawn_with,
        state_in_words=state_in_words,
        audited_state=audited_state,
        say=words,
        hours_refused=bool(hours and query.layer),
        **forms.swapped(request, forms.wrong(error) if error else forms.right()),
    )


def _of(typed: dict[str, Any]) -> PolicyQuery:
    return PolicyQuery(layer=typed.get("layer", "")[:80])


async def _preview(
    request: web.Request,
    asked: Wanted,
    error: CampanaError | None = None,
    hours: dict[str, Any] | None = None,
) -> web.StreamResponse:
    """What would change, and for whom; 409 with both values where somebody else was quicker.

    hours: what was typed of them, where the change is of nothing else.
    """
    me = request["person"]
    try:
        async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
            draft = await understood(tx, me, asked)
            reached = await change.reach(tx, me, draft)
            reached["hours"] = await change.reach_of_hours(tx, me, draft)
            turns = await policy_hours.steps(tx, me, draft)
    except forms.REFUSALS as refused:
        return await _sheet(request, PolicyQuery(layer=asked.role[:80]), hours=hours, error=refused)
    if draft.is_nothing and not draft.theirs:
        return await _done(request, asked.role, _("Nothing was changed."))
    form = {"action": HOME, "fields": again(asked, draft), "was": drawn_with(draft.lines.values())}
    if hours:
        fields, was = policy_hours.again(hours), policy_hours.drawn_with(draft)
        form = {"action": f"{HOME}/hours", "fields": fields, "was": was}
    return _drawn(request, draft, error, asked=asked, reached=reached, hours=turns, **form)


def _drawn(
    request: web.Request, draft: Draft, error: CampanaError | None, **shown: Any
) -> web.StreamResponse:
    state = forms.wrong(error) if error else forms.right()
    if draft.theirs:
        state["status"] = 409
        state["problem"] = _(
            "Somebody changed this meanwhile. Both values are below: apply to keep yours."
        )
    return frame.show(
        request,
        NOUN,
        "policy/preview.html",
        part="policy/_preview.html",
        draft=draft,
        cell_in_words=cell_in_words,
        say=words,
        **shown,
        **{**forms.swapped(request, state), "theirs": draft.theirs},
    )


def _flash(said: str) -> dict[str, str]:
    return {"variant": "success", "text": said}


def _id(text: str) -> UUID:
    """What is no id is one that nothing has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
