"""What a page does that is open while its reader's role is given other rights."""

from __future__ import annotations

from aiohttp import web

from handlers import fitting, replies
from handlers.declare import QueryShape
from handlers.guards import signed_in
from handlers.render import page


class RightsQuery(QueryShape):
    """How the page was drawn: administers, for somebody who did; draft, it holds what is typed."""

    administers: bool = False
    draft: bool = False


@signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """GET /rights?administers&draft: asked by pages that hear of a change.

    Whoever lost the right loads the page anew, and finds what is left of it; what somebody is
    typing, and may still send, stays. 204 when nothing is different for this page.
    """
    query, person = fitting.query(request, RightsQuery), request["person"]
    if person.administers == query.administers:
        return replies.no_content()
    answer = page(request, "layout/_rights.html")
    if query.administers and not query.draft:
        answer.headers["HX-Refresh"] = "true"
    return answer
