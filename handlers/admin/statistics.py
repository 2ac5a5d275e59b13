"""Statistics: what happened in the last hour, day or month, as charts drawn here; and as JSON."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from campana import charts, statistics
from campana.administration import tenant_settings
from campana.statistics import Span, Statistics
from handlers import fitting, replies
from handlers.admin import frame
from handlers.app_keys import DB
from handlers.declare import QueryShape, operation
from handlers.guards import administers, program, tenant_of
from handlers.insight_shapes import StatisticsAnswer

NOUN = "statistics"
RATES = ("reconnection_rate", "error_rate")


class SpanQuery(QueryShape):
    """hour: by minutes; day: by hours; month: 30 days."""

    span: Span = "hour"


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/statistics?span"""
    query, me = fitting.query(request, SpanQuery), request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        found = await statistics.read(tx, me.tenant_id, query.span, me.time_zone)
        bounds = await tenant_settings.read(tx, me.tenant_id)
    return frame.show(
        request,
        NOUN,
        "statistics/index.html",
        part="statistics/_figures.html",
        query=query,
        spans=statistics.SPANS,
        found=found,
        bounds=bounds,
        charts=charts.of(found),
        in_words=charts.in_words,
    )


@program("read", people="administrators")
@operation(
    "What happened lately", tag="operations", query=SpanQuery, answers={200: StatisticsAnswer}
)
async def api(request: web.Request, query: SpanQuery) -> web.Response:
    """GET /api/stats

    From sums per minute and hour, a few seconds old. Days are those of the asking person, for a
    key those of UTC.
    """
    tenant, person = tenant_of(request), request["person"]
    async with request.app[DB].tenant(tenant.id) as tx:
        zone = person.time_zone if person else "UTC"
        found = await statistics.read(tx, tenant.id, query.span, zone)
    return replies.json(_told(found))


def _told(found: Statistics) -> dict[str, Any]:
    points = [
        {name: getattr(point, name) for name in ("at", *statistics.COUNTS, "p50", "p95", *RATES)}
        for point in found.points
    ]
    people = [
        {"userId": row["id"], "name": row["name"], "unread": row["unread"]} for row in found.unread
    ]
    return {
        "span": found.span,
        "connections": found.connections,
        "unread": found.unread[0]["all_unread"] if found.unread else 0,
        "whole": _named(found.whole),
        "points": [_named(point) for point in points],
        "types": [dict(row) for row in found.types],
        "mostUnread": people,
        "alerts": [_named(dict(row)) for row in found.alerts],
    }


def _named(values: dict[str, Any]) -> dict[str, Any]:
    wire = {"reconnection_rate": "reconnectionRate", "error_rate": "errorRate"}
    return {
        {**wire, "raised_at": "raisedAt"}.get(name, name): value for name, value in values.items()
    }
