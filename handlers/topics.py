"""Joining and leaving topics: /api/topics. Forms get 303 back, htmx the button that is next."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from campana import topics
from campana.domains.sales import topics as _sales_topics
from campana.render import partial
from handlers import replies
from handlers.app_keys import DB
from handlers.declare import Shape, operation
from handlers.guards import client_event, signed_in

DECLARED_BY = (_sales_topics,)
"""Businesses that have topics: importing them makes these known."""


class Joined(Shape):
    """How a person stands to a topic now. changed: by this request."""

    topic: str = Field(examples=["sale:0197…"])
    joined: bool
    changed: bool


class JoinedTopics(Shape):
    """The topics a person has joined, by name."""

    topics: list[str]
    kinds: list[str] = Field(description="What the tenant has topics of: <kind>:<id>.")
    most: int = Field(description="How many may be joined at a time.")


@signed_in
@operation("The topics a person has joined", tag="topics", answers={200: JoinedTopics})
async def index(request: web.Request) -> web.Response:
    """GET /api/topics"""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        joined = await topics.joined_by(tx, person)
    return replies.json({"topics": joined, "kinds": topics.kinds_of(person), "most": topics.MOST})


@client_event
@signed_in
@operation("Join a topic", tag="topics", answers={200: Joined})
async def create(request: web.Request) -> web.StreamResponse:
    """POST /api/topics/{topic}/join

    Its events arrive from the next one on. Who may join which is the business's to say: 404
    unknown_topic for a kind that the tenant has not, 404 not_found for one that is not yours.
    """
    return await _change(request, topics.join, joined=True)


@client_event
@signed_in
@operation("Leave a topic", tag="topics", answers={200: Joined})
async def destroy(request: web.Request) -> web.StreamResponse:
    """POST /api/topics/{topic}/leave"""
    return await _change(request, topics.leave, joined=False)


async def _change(request: web.Request, verb: topics.Verb, *, joined: bool) -> web.StreamResponse:
    person, name = request["person"], request.match_info["topic"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        changed = await verb(tx, person, name)
    fragment = ""
    if replies.is_htmx(request):
        fragment = partial("topics/_follow.html", topic=name, joined=joined)
    told = {"topic": name, "joined": joined, "changed": changed}
    return replies.answer_change(request, told, fragment)
