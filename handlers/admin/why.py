"""Why somebody did or did not get an event: GET /admin/log/{id}/why?person, and as JSON."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from campana import users, why
from campana.administration import event_log
from campana.errors import Invalid, NotFound
from handlers import fitting, replies
from handlers.admin import frame
from handlers.app_keys import DB
from handlers.declare import QueryShape, operation, path_id
from handlers.guards import administers, program, tenant_of
from handlers.insight_shapes import WhyAnswer

NOUN = "log"


class WhoQuery(QueryShape):
    """About whom."""

    person: str | None = Field(None, max_length=254, description="E-mail or id.")


@administers
async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/log/{id}/why?person"""
    query, me, event_id = fitting.query(request, WhoQuery), request["person"], path_id(request)
    said = (query.person or "").strip()
    explanation, is_unknown = None, False
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        try:
            who = await users.find(tx, me.tenant_id, said) if said else None
        except NotFound:
            who, is_unknown = None, True
        await event_log.one(tx, me.tenant_id, event_id)
        if who is not None:
            explanation = await why.explain(tx, me.tenant_id, event_id, who)
    return frame.show(
        request,
        NOUN,
        "log/why.html",
        event_id=event_id,
        asked=said,
        is_unknown=is_unknown,
        explanation=explanation,
    )


@program("read", people="administrators")
@operation(
    "Why an event did or did not reach somebody",
    tag="events",
    query=WhoQuery,
    answers={200: WhyAnswer},
)
async def api(request: web.Request, query: WhoQuery) -> web.Response:
    """GET /api/events/{id}/why

    Each step of the decision in words. `known` says whether it is as of then (then) or as of now:
    audience, role and preferences have no history.
    """
    tenant, event_id = tenant_of(request), path_id(request)
    async with request.app[DB].tenant(tenant.id) as tx:
        await event_log.one(tx, tenant.id, event_id)
        if query.person is None:
            raise Invalid("Say of whom: person=<e-mail or id>.", field="person", code="missing")
        who = await users.find(tx, tenant.id, query.person.strip())
        found = await why.explain(tx, tenant.id, event_id, who)
    return replies.json(_told(found))


def _told(found: why.Explanation) -> dict[str, Any]:
    return {
        "reached": found.reached,
        "verdict": found.verdict,
        "steps": [step._asdict() for step in found.steps],
    }
