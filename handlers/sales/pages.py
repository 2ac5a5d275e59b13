"""Looking at sales: the administrators' live list, a seller's own of today, one sale."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from campana import inbox, topics
from campana.domains import sales
from campana.domains.sales.records import NEWEST
from handlers import fitting, navigation
from handlers.app_keys import DB
from handlers.declare import QueryShape, path_id
from handlers.guards import administers, of_module, signed_in
from handlers.render import page
from handlers.replies import is_htmx
from handlers.sales.words import flashes


class PageQuery(QueryShape):
    """before: a sale's number, for going on to older ones."""

    before: int | None = Field(None, ge=1, le=NEWEST)


class ShowQuery(QueryShape):
    """said: what has just been done, to be confirmed in words."""

    said: str | None = Field(None, max_length=40)


@of_module("sales")
@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /sales?before"""
    return page(request, "sales/index.html", **await _all(request, is_looked_at=True))


@of_module("sales")
@administers
async def part(request: web.Request) -> web.StreamResponse:
    """GET /sales/list: the same list by itself; a page in sight asks for it when there is news."""
    return page(request, "sales/_list.html", **await _all(request, is_looked_at=is_htmx(request)))


@of_module("sales")
@administers
async def badge(request: web.Request) -> web.StreamResponse:
    """GET /sales/badge: how many are new since the list was last looked at."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        item = await navigation.to_sales(tx, person)
    return page(request, "layout/_nav_badge.html", item=item)


@of_module("sales")
@signed_in
async def mine(request: web.Request) -> web.StreamResponse:
    """GET /sales/mine?before"""
    return page(request, "sales/mine.html", **await _own(request))


@of_module("sales")
@signed_in
async def mine_part(request: web.Request) -> web.StreamResponse:
    """GET /sales/mine/list: the same list by itself."""
    return page(request, "sales/_list.html", **await _own(request))


@of_module("sales")
@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """GET /sales/{id}?said"""
    shown = await found_to_follow(request)
    said = flashes(fitting.query(request, ShowQuery).said, shown["sale"])
    return page(request, "sales/show.html", flashes=said, **shown)


@of_module("sales")
@signed_in
async def card(request: web.Request) -> web.StreamResponse:
    """GET /sales/{id}/card: the sale without the page around it."""
    return page(request, "sales/_card.html", sale=await found(request))


async def found(request: web.Request) -> sales.Sale:
    """The sale of the path, if it is this reader's to see."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        return await sales.one(tx, person, path_id(request))


async def found_to_follow(request: web.Request) -> dict[str, Any]:
    """The same with its topic, and whether this reader follows it: for the button of its page."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        sale = await sales.one(tx, person, path_id(request))
        topic = f"sale:{sale.id}"
        return {"sale": sale, "topic": topic, "joined": await topics.follows(tx, person, topic)}


async def _all(request: web.Request, *, is_looked_at: bool) -> dict[str, Any]:
    """Whoever looks at the newest has seen what is new: before reading them, so that whatever
    comes in between stays new."""
    before = fitting.query(request, PageQuery).before
    person = request["person"]
    if is_looked_at and before is None:
        await inbox.look_at(request.app[DB], person, navigation.SALES)
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        listed = await sales.page(tx, person, before or NEWEST)
    return _context(listed, before, "/sales")


async def _own(request: web.Request) -> dict[str, Any]:
    before = fitting.query(request, PageQuery).before
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        listed = await sales.todays_own(tx, person, before or NEWEST)
    return _context(listed, before, "/sales/mine")


def _context(listed: sales.Page, before: int | None, base: str) -> dict[str, Any]:
    return {"sales": listed.rows, "older": listed.older, "before": before, "base": base}
