"""What becomes of a sale: its payment is confirmed, or it is cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from campana.db import Tx
from campana.domains import sales
from campana.errors import CampanaError, Conflict, Invalid
from campana.users import Person
from handlers import inputs, replies
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import of_module, signed_in
from handlers.render import page
from handlers.sales.forms import answer
from handlers.sales.pages import found_to_follow

Change = Callable[[Tx, Person], Awaitable[sales.Done]]


@of_module("sales")
@signed_in
async def pay(request: web.Request) -> web.StreamResponse:
    """POST /sales/{id}/payment: the money is there."""
    sale_id = path_id(request)
    return await _change(request, lambda tx, me: sales.confirm_payment(tx, me, sale_id), "paid")


@of_module("sales")
@signed_in
async def cancel(request: web.Request) -> web.StreamResponse:
    """POST /sales/{id}/cancel (reason)"""
    sale_id = path_id(request)
    reason = dict(await inputs.fields(request)).get("reason", "")
    return await _change(
        request, lambda tx, me: sales.cancel(tx, me, sale_id, reason), "cancelled", reason
    )


async def _change(
    request: web.Request, change: Change, said: str, reason: str = ""
) -> web.StreamResponse:
    person = request["person"]
    try:
        async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
            done = await change(tx, person)
    except (Invalid, Conflict) as error:
        return await _refused(request, error, reason)
    return answer(request, done, said)


async def _refused(request: web.Request, error: CampanaError, reason: str) -> web.StreamResponse:
    """The sale as it is now, and why it did not change."""
    template = "sales/_changed.html" if replies.is_htmx(request) else "sales/show.html"
    return page(
        request,
        template,
        status=error.status,
        **await found_to_follow(request),
        flashes=[] if error.errors else [{"variant": "error", "text": str(error)}],
        errors={one.field: one.message for one in error.errors},
        reason=reason,
    )
