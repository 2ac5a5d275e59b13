"""A pending sale is corrected."""

from __future__ import annotations

from aiohttp import web

from campana.domains import sales
from campana.domains.sales.drafts import checked
from campana.errors import Conflict, Invalid
from handlers import inputs, replies
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import of_module, signed_in
from handlers.sales import forms
from handlers.sales.pages import found


@of_module("sales")
@signed_in
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /sales/{id}/edit"""
    sale = await found(request)
    if not sale.is_pending:
        return replies.see_other(f"/sales/{sale.id}")
    return forms.show(request, "edit", forms.typed_of(sale), sale=sale, version=sale.version)


@of_module("sales")
@signed_in
async def update(request: web.Request) -> web.StreamResponse:
    """POST /sales/{id} (as POST /sales, and the version that was looked at)

    Somebody else's change is shown as a conflict; sent again after that, ours counts.
    """
    sale, person = await found(request), request["person"]
    typed, version = await forms.read(request), await _version(request)
    try:
        draft = checked(typed)
        async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
            done = await sales.update(tx, person, path_id(request), draft, version)
    except Invalid as error:
        return forms.show(request, "edit", typed, error, sale=sale, version=version)
    except Conflict as error:
        return forms.show(request, "edit", typed, error, sale=sale, version=sale.version)
    return forms.answer(request, done, "updated")


async def _version(request: web.Request) -> int:
    """What is no version is one that nobody has."""
    text = dict(await inputs.fields(request)).get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
