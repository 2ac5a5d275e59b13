"""GET /notifications/{id}/why: a person asks why a notification came."""

from __future__ import annotations

from aiohttp import web

from campana import why
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import signed_in
from handlers.render import page


@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """Only of what is in their own inbox: nobody learns here what others were told."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        event_id = await why.shown_by(tx, person, path_id(request))
        found = await why.explain(tx, person.tenant_id, event_id, person.id, to_themselves=True)
    return page(request, "notifications/why.html", explanation=found)
