"""On pages, types of a tenant's own are called as the tenant calls them."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from campana import vocabulary
from campana.users import Person
from handlers.app_keys import TYPE_NAMES
from handlers.replies import wants_html


@web.middleware
async def call_types(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Programs know types by what they are on the wire, so nothing is looked up for them."""
    person: Person | None = request["person"]
    if person is None or not wants_html(request):
        return await handler(request)
    with vocabulary.calling(await request.app[TYPE_NAMES].of(person.tenant_id)):
        return await handler(request)
