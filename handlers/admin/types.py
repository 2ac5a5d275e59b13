"""Event types: built-in ones explained, own ones written, tried and retired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from campana.administration import types
from campana.administration.types import OwnType
from campana.errors import Invalid
from campana.events import BUILTIN
from campana.i18n import LANGUAGE_NAMES
from campana.i18n import gettext as _
from handlers import fitting, replies
from handlers.admin import forms, frame
from handlers.app_keys import DB, TYPE_NAMES
from handlers.guards import administers
from handlers.render import page

NOUN = "types"
NEW = {"name": "", "lasting": "true", "toast": "true", "sound": "true", "desktop": "true"}
SENT_WITH_IT = ("name", "lasting", "kind")


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/types?done"""
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        rows = await types.own(tx, me.tenant_id)
    return frame.show(
        request,
        NOUN,
        "types/index.html",
        rows=rows,
        built_in=BUILTIN,
        explained=types.explained,
        confirms=_confirmations(),
    )


@administers
async def new(request: web.Request) -> web.StreamResponse:
    """GET /admin/types/new"""
    return await _form(request, None, OwnType().model_dump() | NEW, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/types (name, lasting, the fields of OwnType)"""
    me, typed = request["person"], await forms.typed(request)
    try:
        lasting = typed.get("lasting") == "true"
        name = typed.get("name", "").strip()
        mine = _fit(typed, types.name_faults(name))
        await types.create(
            request.app[DB], me.tenant_id, name, mine, lasting=lasting, actor=me.actor
        )
    except forms.REFUSALS as error:
        return await _form(request, None, typed, _wrong(error))
    request.app[TYPE_NAMES].forget(me.tenant_id)
    return forms.done(request, f"/admin/types/{name}", "created", _confirmations())


@administers
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /admin/types/{id}?done: the id of a type is its name."""
    row = await _row(request)
    return await _form(request, row, types.as_form(row), forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/types/{id} (the fields of OwnType, was)"""
    row, typed, was = await _row(request), await forms.typed(request), await forms.was(request)
    try:
        await types.change(request.app[DB], request["person"], row["name"], _fit(typed), was)
    except forms.REFUSALS as error:
        row = await _row(request)
        boxes = dict.fromkeys(types.BITS, "") | typed
        shown = forms.again(types.as_form(row), boxes, was)
        return await _form(request, row, shown, _wrong(error))
    request.app[TYPE_NAMES].forget(request["person"].tenant_id)
    return forms.done(request, f"/admin/types/{row['name']}", "saved", _confirmations())


@administers
async def preview(request: web.Request) -> web.StreamResponse:
    """POST /admin/types/preview (the words, sample): what they say, beside the form or in it."""
    typed = await forms.typed(request)
    if replies.is_htmx(request):
        return page(request, "admin/types/_preview.html", **_tried(request, typed))
    kind, row = typed.get("kind"), None
    if kind:
        row = await _row(request, kind)
    return await _form(request, row, typed, forms.right(), was=(await forms.was(request)) or None)


@administers
async def retire(request: web.Request) -> web.StreamResponse:
    """POST /admin/types/{id}/retire"""
    me, name = request["person"], request.match_info["id"]
    await types.retire(request.app[DB], me.tenant_id, name, retired=True, actor=me.actor)
    return forms.done(request, "/admin/types", "retired", _confirmations())


@administers
async def use_again(request: web.Request) -> web.StreamResponse:
    """POST /admin/types/{id}/use-again"""
    me, name = request["person"], request.match_info["id"]
    await types.retire(request.app[DB], me.tenant_id, name, retired=False, actor=me.actor)
    return forms.done(request, f"/admin/types/{name}", "used", _confirmations())


def _confirmations() -> dict[str, str]:
    return {
        "created": _("The type is there. Programs may publish it."),
        "saved": _("Saved. It counts from the next event."),
        "retired": _("Nothing of this type is published any more. What was, stays."),
        "used": _("Programs may publish it again."),
    }


def _icons() -> tuple[str, ...]:
    """What types.ICONS show, in their order."""
    return (
        *(_("Bell"), _("Calendar"), _("Money"), _("Receipt"), _("Bag"), _("Cart"), _("Shop")),
        *(_("Parcel"), _("Card"), _("Chat"), _("Letter"), _("Person"), _("Flame"), _("Cutlery")),
        *(_("Chef"), _("Table bell"), _("Megaphone"), _("Falling"), _("Warning"), _("Information")),
    )


def _fit(typed: dict[str, str], faults: Sequence[tuple[str, str]] = ()) -> OwnType:
    """faults: what is wrong beside it, to be told together."""
    sent = {name: text for name, text in typed.items() if text and name not in SENT_WITH_IT}
    try:
        return fitting.fit(OwnType, sent)
    except Invalid as error:
        if faults:
            error = Invalid(str(error), errors=[*Invalid.by_field(faults).errors, *error.errors])
        raise error from None


def _wrong(error: Any) -> dict[str, Any]:
    """What the verbs shared with the command line say of a name, in the language of the page."""
    state = forms.wrong(error)
    if "name" in state["errors"]:
        taken = error.status == 409
        state["errors"]["name"] = (
            _("This name is taken, or built in.")
            if taken
            else _("Small letters, digits and _, with a colon, such as card:sold.")
        )
    return state


async def _row(request: web.Request, name: str | None = None) -> Any:
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        return await types.one(tx, me.tenant_id, name or request.match_info["id"])


def _tried(request: web.Request, typed: dict[str, Any]) -> dict[str, Any]:
    me = request["person"]
    return {
        "tried": types.tried(typed, me.time_zone, me.name),
        "typed": typed,
        "languages_by_tag": LANGUAGE_NAMES,
        "icon_names": types.ICONS,
    }


async def _form(
    request: web.Request,
    row: Any,
    typed: dict[str, Any],
    state: dict[str, Any],
    was: dict[str, Any] | None = None,
) -> web.StreamResponse:
    drawn_with = was or (types.as_form(row) if row else {})
    return frame.show(
        request,
        NOUN,
        "types/edit.html",
        part="types/_form.html",
        row=row,
        was=forms.drawn_with(drawn_with),
        icon_choices=list(zip(types.ICONS, _icons(), strict=True)),
        confirms=_confirmations(),
        **_tried(request, typed),
        **state,
    )
