"""The page of notifications: filters that combine, search, days, and going on to older ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from campana import actions, i18n, inbox, inbox_list, search
from campana.db import Tx
from campana.events import PRIORITIES, Priority
from campana.inbox_list import Filter, Notification, Page
from campana.users import Person
from handlers import fitting, flashes, notices
from handlers.app_keys import DB
from handlers.declare import QueryShape
from handlers.guards import signed_in
from handlers.render import page

PAGE_SIZE = 20
MOST_ROWS = 100
BY_THEMSELVES = 5
"""So many pages come while one scrolls; then the foot of the page stays until one asks."""
FILTERS = {"filter": "all", "type": None, "priority": None, "q": None, "before": None}
"""What the page's address holds, and what is left out of it."""


class CentreQuery(QueryShape):
    """What the page shows. before: a seq to go on from. done, count, ids, seqs: what a form did.

    rows: how many a list had that asks again. day: the last heading above those asked for.
    turns: how many pages came by themselves.
    """

    filter: Literal["all", "unread", "deleted"] = "all"
    type: str | None = Field(None, max_length=80)
    priority: Priority | None = None
    q: str | None = Field(None, max_length=200)
    before: int | None = Field(None, ge=1, le=inbox_list.NEWEST)
    rows: int = Field(PAGE_SIZE, ge=1, le=MOST_ROWS)
    day: dt.date | None = None
    turns: int = Field(0, ge=0, le=BY_THEMSELVES)
    done: notices.Done | None = None
    count: int = Field(0, ge=0)
    ids: str = Field("", max_length=8_000)
    seqs: str = Field("", max_length=notices.LONGEST_IN_ADDRESS)

    @property
    def only(self) -> Filter:
        return Filter(
            unread=self.filter == "unread",
            type=self.type,
            priority=self.priority,
            text=self.q,
            deleted=self.filter == "deleted",
        )


@signed_in
async def index(request: web.Request) -> web.StreamResponse:
    """GET /notifications?filter&type&priority&q&before"""
    query = fitting.query(request, CentreQuery)
    said = notices.read(query.done, query.count, query.ids, query.seqs)
    context = await _shown(request, query)
    left = await flashes.take(request)
    return page(request, "notifications/index.html", notice=said, flashes=left, **context)


@signed_in
async def part(request: web.Request) -> web.StreamResponse:
    """GET /notifications/list: the same without the page around it."""
    query = fitting.query(request, CentreQuery)
    return page(request, "notifications/_list.html", **await _shown(request, query))


@signed_in
async def more(request: web.Request) -> web.StreamResponse:
    """GET /notifications/more?…&before&day&turns: the rows that follow, and the link after them."""
    query = fitting.query(request, CentreQuery)
    return page(request, "notifications/_rows.html", **await _shown(request, query))


async def _shown(request: web.Request, query: CentreQuery) -> dict[str, Any]:
    """The head before the rows: the page's cursor may be older than its rows, never newer."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        head = await inbox.head(tx, person)
        found = await _found(tx, person, query)
        rows = await actions.still_offered(tx, person, found.rows)
        types, priorities = await inbox_list.kinds(tx, person)
        texts = [text for n in found.rows for text in (n.title, n.message, n.actor_name or "")]
        marked = await search.marker(tx, query.q, texts) if query.q else None
    return {
        "query": query,
        "where": _addresses(query),
        "rows": list(by_day(rows, query.day)),
        "found": found,
        "marked": marked,
        "types": sorted({*types, *filter(None, [query.type])}),
        "priorities": [*filter({*priorities, query.priority}.__contains__, reversed(PRIORITIES))],
        "head": head,
        "checked_at": i18n.time_of_day(dt.datetime.now(dt.UTC)),
        **_going_on(found, query),
    }


async def _found(tx: Tx, person: Person, query: CentreQuery) -> Page:
    """Only what is looked for is counted."""
    if query.q and query.before is None:
        return await inbox_list.page(tx, person, query.only, limit=query.rows)
    before = query.before or inbox_list.NEWEST
    return await inbox_list.older_than(tx, person, before, query.only, limit=query.rows)


def by_day(
    rows: Sequence[Notification], above: dt.date | None = None
) -> Iterator[tuple[str | None, Notification]]:
    """Each row with the heading of its day, where that begins. above: the day of the row before."""
    today = i18n.day_of(dt.datetime.now(dt.UTC))
    for row in rows:
        day = min(i18n.day_of(row.created_at), today)
        yield (i18n.day_in_words(day, today) if day != above else None), row
        above = day


def _going_on(found: Page, query: CentreQuery) -> dict[str, Any]:
    last = i18n.day_of(found.rows[-1].created_at) if found.rows else query.day
    return {
        "older": found.older,
        "last_day": last,
        "turns": query.turns + 1,
        "comes_by_itself": query.turns < BY_THEMSELVES,
    }


def _addresses(query: CentreQuery) -> Callable[..., str]:
    """`where(filter="unread")`: this page with another filter, which begins at the newest."""
    now = {name: getattr(query, name) for name in FILTERS}

    def where(path: str = "/notifications", **changes: Any) -> str:
        kept = now | ({} if not changes or "before" in changes else {"before": None}) | changes
        said = {k: v for k, v in kept.items() if v not in (None, "") and v != FILTERS.get(k)}
        return f"{path}?{urlencode(said)}" if said else path

    return where
