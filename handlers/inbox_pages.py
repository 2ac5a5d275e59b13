"""The notification centre for people: the page, its list, the bell's last five, click-through."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from campana import inbox, inbox_list
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
PAGE_SIZE = 20


class LatestQuery(QueryShape):
    """What the panel shows. before: a seq, to go on from after the `shown` rows it has."""

    filter: Literal["all", "unread"] = "all"
    before: int | None = Field(None, ge=1, le=inbox_list.NEWEST)
    shown: int = Field(0, ge=0, le=MOST_LATEST)
    limit: int = Field(LATEST, ge=1, le=MOST_LATEST)


class PageQuery(QueryShape):
    """What the page shows. before: a seq, for going on without JavaScript."""

    filter: Literal["all", "unread"] = "all"
    type: str | None = Field(None, max_length=80)
    before: int | None = Field(None, ge=1, le=inbox_list.NEWEST)


@signed_in
async def index(request: web.Request) -> web.StreamResponse:
    """GET /notifications?filter&type&before"""
    return page(request, "notifications/index.html", **await _listed(request))


@signed_in
async def part(request: web.Request) -> web.StreamResponse:
    """GET /notifications/list: the same list without the page around it."""
    return page(request, "notifications/_list.html", **await _listed(request))


@signed_in
async def latest(request: web.Request) -> web.StreamResponse:
    """GET /notifications/latest?filter&before&shown&limit: the bell's last five, and on from them."""
    query, person = fitting.query(request, LatestQuery), request["person"]
    only = Filter(unread=query.filter == "unread")
    before = query.before or inbox_list.NEWEST
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        found = await inbox_list.older_than(tx, person, before, only, limit=query.limit)
    return page(
        request,
        "notifications/_latest.html",
        notifications=found.rows,
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


async def _listed(request: web.Request) -> dict[str, Any]:
    """The head before the rows: the page's cursor may be older than its rows, never newer."""
    query = fitting.query(request, PageQuery)
    only = Filter(unread=query.filter == "unread", type=query.type)
    before = query.before or inbox_list.NEWEST
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        head = await inbox.head(tx, person)
        found = await inbox_list.older_than(tx, person, before, only, limit=PAGE_SIZE)
        types, _priorities = await inbox_list.kinds(tx, person)
    return {
        "notifications": found.rows,
        "older": found.older,
        "filter": query.filter,
        "type": query.type,
        "types": types,
        "before": query.before,
        "up_to": head.seq,
    }
