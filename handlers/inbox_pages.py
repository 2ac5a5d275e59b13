"""What the bell opens, and what following a notification does. The page: centre.py."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import Field

from campana import actions, inbox, inbox_list
from campana.errors import NotFound
from campana.inbox_list import Filter
from campana.render import safe_link
from handlers import fitting
from handlers.app_keys import DB
from handlers.declare import QueryShape, path_id
from handlers.guards import signed_in
from handlers.render import page

LATEST = 5
MOST_LATEST = 100


class LatestQuery(QueryShape):
    """What the panel shows. before: a seq, to go on from after the `shown` rows it has."""

    filter: Literal["all", "unread"] = "all"
    before: int | None = Field(None, ge=1, le=inbox_list.NEWEST)
    shown: int = Field(0, ge=0, le=MOST_LATEST)
    limit: int = Field(LATEST, ge=1, le=MOST_LATEST)


@signed_in
async def latest(request: web.Request) -> web.StreamResponse:
    """GET /notifications/latest?filter&before&shown&limit: the last five, and on from them."""
    query, person = fitting.query(request, LatestQuery), request["person"]
    only = Filter(unread=query.filter == "unread")
    before = query.before or inbox_list.NEWEST
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        found = await inbox_list.older_than(tx, person, before, only, limit=query.limit)
        rows = await actions.still_offered(tx, person, found.rows)
    return page(
        request,
        "notifications/_latest.html",
        notifications=rows,
        older=found.older,
        filter=query.filter,
        shown=query.shown,
    )


@signed_in
async def follow(request: web.Request) -> web.StreamResponse:
    """GET /notifications/{id}: marks it as read and goes where it leads, else to the list."""
    person, notification_id = request["person"], path_id(request)
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        found = await inbox_list.one(tx, person, notification_id)
    if found is None:
        raise NotFound("There is no such notification.")
    await inbox.apply(request.app[DB], person, inbox.read, [notification_id])
    where = safe_link(found.url) or "/notifications"
    return web.Response(status=303, headers={"Location": where})
