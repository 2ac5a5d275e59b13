"""Audit: who changed what, before and after; found by words, person, action and day; exported."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import AsyncIterator
from operator import itemgetter
from typing import Any, Literal

import orjson
from aiohttp import web
from pydantic import Field

from campana.administration import audit
from campana.users import Person
from handlers import downloads, fitting
from handlers.admin import frame
from handlers.admin.actions import (
    action_in_words,
    actor_in_words,
    field_in_words,
    in_words,
    value_in_words,
)
from handlers.admin.days import midnight
from handlers.app_keys import DB
from handlers.declare import QueryShape
from handlers.guards import administers

NOUN = "audit"
COLUMNS = ("id", "at", "actor", "actor_now", "action", "detail")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
KINDS = {"csv": "text/csv", "jsonl": "application/jsonl"}


class AuditQuery(QueryShape):
    """Which rows. since and until are days where the reader is, until included."""

    q: str | None = Field(None, max_length=120)
    actor: str | None = Field(None, max_length=254)
    action: str | None = Field(None, max_length=80)
    since: dt.date | None = None
    until: dt.date | None = None
    before: int | None = Field(None, ge=1, le=audit.NEWEST)

    def which(self, person: Person) -> audit.Filter:
        return audit.Filter(
            self.actor,
            self.action,
            midnight(self.since, person),
            midnight(self.until, person, later=1),
            self.q,
            self.before or audit.NEWEST,
        )


class ExportQuery(AuditQuery):
    """The same rows as a file."""

    format: Literal["csv", "jsonl"] = "csv"


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/audit?q&actor&action&since&until&before"""
    query, person = fitting.query(request, AuditQuery), request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        listed = await audit.page(tx, person.tenant_id, query.which(person))
        actors = await audit.actors(tx, person.tenant_id)
        actions = await audit.actions(tx, person.tenant_id)
    return frame.show(
        request,
        NOUN,
        "audit/index.html",
        part="audit/_list.html",
        query=query,
        listed=listed,
        actor_choices=[(one, actor_in_words(one)) for one in actors],
        action_choices=sorted([(one, action_in_words(one)) for one in actions], key=itemgetter(1)),
        in_words=in_words,
        actor_in_words=actor_in_words,
        field_in_words=field_in_words,
        value_in_words=value_in_words,
    )


@administers
async def export(request: web.Request) -> web.StreamResponse:
    """GET /admin/audit/export?format&q&actor&action&since&until: a file, however long it is."""
    query, person = fitting.query(request, ExportQuery), request["person"]
    rows = audit.whole(request.app[DB], person.tenant_id, query.which(person))
    name = f"audit-{person.tenant_slug}.{query.format}"
    lines = _csv(rows) if query.format == "csv" else _json(rows)
    return await downloads.send(request, name, KINDS[query.format], lines)


async def _json(rows: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    async for row in rows:
        yield _json_line(row)


async def _csv(rows: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    yield _written(COLUMNS).encode()
    async for row in rows:
        yield _csv_line(row)


def _json_line(row: Any) -> bytes:
    return orjson.dumps({name: row[name] for name in COLUMNS}, default=str) + b"\n"


def _csv_line(row: Any) -> bytes:
    said = dict(row) | {"at": row["at"].isoformat(), "detail": orjson.dumps(row["detail"]).decode()}
    return _written([_harmless(str(said[name] or "")) for name in COLUMNS]).encode()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet computes (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def _written(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
