"""Log: every event with audience, recipients and latency; one event; those that were set aside."""

from __future__ import annotations

import datetime as dt
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import Field

from campana import event_types, users
from campana.administration import event_log
from campana.db import Tx
from campana.errors import NotFound
from campana.i18n import gettext as _
from campana.users import Person
from campana.vocabulary import type_in_words
from handlers import fitting
from handlers.admin import forms, frame
from handlers.admin.days import midnight
from handlers.app_keys import DB
from handlers.declare import QueryShape, path_id
from handlers.guards import administers
from handlers.replies import see_other

NOUN = "log"


class LogQuery(QueryShape):
    """Which events. since and until are days where the reader is, until included. actor, person:
    e-mail or id."""

    id: UUID | None = None
    type: str | None = Field(None, max_length=80)
    audience: str | None = Field(None, max_length=2000)
    actor: str | None = Field(None, max_length=254)
    subject: str | None = Field(None, max_length=150)
    person: str | None = Field(None, max_length=254)
    since: dt.date | None = None
    until: dt.date | None = None
    before: UUID | None = None


class EventQuery(QueryShape):
    """Which recipients: these words in name or e-mail, after this one."""

    q: str | None = Field(None, max_length=120)
    after: UUID | None = None


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/log?id&type&audience&actor&subject&person&since&until&before"""
    query, me = fitting.query(request, LogQuery), request["person"]
    if query.id is not None:
        return see_other(f"/admin/log/{query.id}")
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        which, unknown = await _which(tx, me, query)
        listed = event_log.Page([], None)
        if not unknown:
            listed = await event_log.page(tx, me.tenant_id, which)
        return frame.show(
            request,
            NOUN,
            "log/index.html",
            part="log/_list.html",
            query=query,
            which=which,
            listed=listed,
            unknown=unknown,
            set_aside=await event_log.count_set_aside(tx, me.tenant_id),
            type_choices=await _types(tx, me),
            span=event_log.SPAN,
            real_time=event_log.REAL_TIME,
        )


@administers
async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/log/{id}?q&after: one event, and whom it was given to."""
    query, me, event_id = fitting.query(request, EventQuery), request["person"], path_id(request)
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        event = await event_log.one(tx, me.tenant_id, event_id)
        rows, more = await event_log.recipients(tx, me.tenant_id, event_id, query.q, query.after)
    return frame.show(
        request,
        NOUN,
        "log/show.html",
        part="log/_recipients.html",
        query=query,
        event=event,
        recipients=rows,
        more=more,
        as_text=_as_text,
        real_time=event_log.REAL_TIME,
    )


@administers
async def set_aside(request: web.Request) -> web.StreamResponse:
    """GET /admin/log/set-aside?done"""
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        rows = await event_log.set_aside(tx, me.tenant_id)
    return frame.show(
        request, NOUN, "log/set_aside.html", rows=rows, as_text=_as_text, confirms=_confirmations()
    )


@administers
async def try_again(request: web.Request) -> web.StreamResponse:
    """POST /admin/log/set-aside/{id}/try-again"""
    await event_log.try_again(request.app[DB], request["person"], path_id(request))
    return forms.done(request, "/admin/log/set-aside", "tried", _confirmations())


@administers
async def discard(request: web.Request) -> web.StreamResponse:
    """POST /admin/log/set-aside/{id}/discard"""
    await event_log.discard(request.app[DB], request["person"], path_id(request))
    return forms.done(request, "/admin/log/set-aside", "discarded", _confirmations())


async def _which(tx: Tx, me: Person, query: LogQuery) -> tuple[event_log.Filter, str | None]:
    """The filter, and the name of the field that names nobody."""
    found: dict[str, UUID] = {}
    for name in ("actor", "person"):
        if said := getattr(query, name):
            try:
                found[name] = await users.find(tx, me.tenant_id, said.strip())
            except NotFound:
                return event_log.Filter(), name
    which = event_log.Filter(
        type=query.type,
        audience=query.audience,
        subject=query.subject,
        since=midnight(query.since, me),
        until=midnight(query.until, me, later=1),
        before=query.before,
        **found,
    )
    return which, None


async def _types(tx: Tx, me: Person) -> list[tuple[str, str]]:
    rows = await event_types.of_tenant(tx, me.tenant_id)
    named = [(row["name"], type_in_words(row["name"])) for row in rows if row["lasting"]]
    return sorted(named, key=itemgetter(1))


def _as_text(value: Any) -> str:
    """JSON for people to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _confirmations() -> dict[str, str]:
    return {
        "tried": _("Back in the queue. If it fails again, it comes back here."),
        "discarded": _("Discarded."),
    }
