"""Connections: who is connected now, with which device, what they hear; closing one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from campana.administration import connections
from campana.administration.connections import Page, device, rooms
from campana.errors import Invalid
from campana.i18n import gettext as _
from handlers import fitting, replies
from handlers.admin import forms, frame
from handlers.app_keys import DB
from handlers.declare import QueryShape, operation, path_id
from handlers.guards import administers, program, tenant_of
from handlers.insight_shapes import ConnectionList

NOUN = "connections"
PATH = "/admin/connections"


class ConnectionsQuery(QueryShape):
    """Whose connections. cursor: `<since>_<id>` of the last one seen."""

    q: str | None = Field(None, max_length=120, description="Words in name or e-mail.")
    role: str | None = Field(None, max_length=40)
    cursor: str | None = Field(None, max_length=90)
    limit: int = Field(connections.PAGE, ge=1, le=500)

    @property
    def which(self) -> connections.Filter:
        return connections.Filter(role=self.role, sought=self.q, before=_place(self.cursor))


class PageQuery(ConnectionsQuery):
    """live: draw the list anew by itself."""

    live: Literal["0", "1"] = "1"


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/connections?q&role&cursor&live&done"""
    query, me = fitting.query(request, PageQuery), request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        listed = await connections.page(tx, me.tenant_id, query.which)
    return frame.show(
        request,
        NOUN,
        "connections/index.html",
        part="connections/_list.html",
        query=query,
        listed=listed,
        older=_cursor(listed),
        device=device,
        rooms=rooms,
        confirms=_confirmations(),
    )


@administers
async def close(request: web.Request) -> web.StreamResponse:
    """POST /admin/connections/{id}/close"""
    await connections.close(request.app[DB], request["person"], path_id(request))
    return forms.done(request, PATH, "closed", _confirmations())


@program("read", people="administrators")
@operation(
    "Who is connected", tag="operations", query=ConnectionsQuery, answers={200: ConnectionList}
)
async def api(request: web.Request, query: ConnectionsQuery) -> web.Response:
    """GET /api/connections

    On all processes, as of about a second ago, the youngest first.
    """
    tenant = tenant_of(request)
    async with request.app[DB].tenant(tenant.id) as tx:
        listed = await connections.page(tx, tenant.id, query.which, query.limit)
    told = {
        "total": listed.totals["connections"],
        "people": listed.totals["people"],
        "processes": listed.totals["processes"],
        "connections": [_told(row) for row in listed.rows],
        "nextCursor": _cursor(listed),
    }
    return replies.json(told)


def _told(row: Any) -> dict[str, Any]:
    plain = {name: row[name] for name in ("id", "name", "email", "role", "kind", "address")}
    return plain | {
        "userId": row["user_id"],
        "rooms": rooms(row),
        "device": device(row["agent"]),
        "credential": row["credential"],
        "credentialName": row["credential_name"],
        "since": row["since"],
        "process": row["process"],
    }


def _cursor(listed: Page) -> str | None:
    return f"{listed.older[0].isoformat()}_{listed.older[1]}" if listed.older else None


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    since, _gap, last = cursor.partition("_")
    try:
        moment = datetime.fromisoformat(since.replace(" ", "+"))
        if moment.tzinfo is None:
            raise ValueError
        return moment, UUID(last)
    except ValueError:
        raise Invalid("This is no cursor of ours.", field="cursor") from None


def _confirmations() -> dict[str, str]:
    return {"closed": _("It is closed within a second. It may come back after half a minute.")}
