"""GET /stream (pages: HTML and signals) and GET /api/stream (programs: JSON).

Both speak the same wire (docs/events.md); `?poll=1` gives what is new as a finite answer.
"""

import random
import sys
from datetime import UTC, datetime
from time import monotonic

from aiohttp import web

from campana.errors import Unauthorized, Unavailable
from campana.frames import Format
from campana.poll import poll
from campana.stream import Client, Reader, Stream
from campana.users import Person
from handlers.app_keys import HUB, SETTINGS, TALLY
from handlers.declare import described
from handlers.event_stream import EventStream
from handlers.guards import signed_in
from handlers.origin import client_address
from handlers.stream_shapes import JSON_STREAM, StreamQuery

YES = ("1", "true", "t", "yes", "y", "on")  # as the description's boolean has it
LONGEST_AGENT = 200
SSE = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
}


@signed_in
async def browser(request: web.Request) -> web.StreamResponse:
    """GET /stream?tag: for the page whose session has this tag, and for no other one."""
    tag = request.query.get("tag")
    if tag is not None and tag != request["person"].session_tag:
        # Somebody else has signed in on this browser: their news is not for this tab.
        raise Unauthorized("This page belongs to a session that has ended.", code="session_ended")
    return await _serve(request, "html")


@signed_in
@described(
    "Stream of a person's news",
    tag="stream",
    query=StreamQuery,
    answers={200: JSON_STREAM},
    headers={"Last-Event-ID": "The id of the last notification that arrived: goes on after it."},
    limited="streams",
)
async def api(request: web.Request) -> web.StreamResponse:
    """GET /api/stream"""
    return await _serve(request, "json")


async def _serve(request: web.Request, form: Format) -> web.StreamResponse:
    hub = request.app[HUB]
    if hub.draining:
        raise Unavailable("The server is leaving; connect again.", retry_after=1)
    reader = _reader(request["person"])
    asked = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
    if request.query.get("poll", "").lower() in YES:
        body = await poll(hub, reader, form, asked, request.query.get("signal"))
        return web.Response(body=body, headers=SSE)

    if request.transport is None:
        raise Unavailable("The reader left before the stream opened.")
    stream = Stream(
        reader=reader,
        form=form,
        transport=request.transport,
        chunked=request.version >= (1, 1),
        asked=asked,
        deadline=_deadline(request, request["person"]),
        client=_client(request),
    )
    hub.register(stream)
    request.app[TALLY].opened(reader.tenant_id, again=_is_again(request))
    return EventStream(hub, stream)


def _reader(person: Person) -> Reader:
    return Reader(
        tenant_id=person.tenant_id,
        user_id=person.id,
        auth_version=person.auth_version,
        credential=person.credential,
        credential_id=person.credential_id,
        role=person.role,
        locale=person.locale,
    )


def _client(request: web.Request) -> Client:
    """Thousands share their few agents: each is kept once."""
    agent = "".join(c for c in request.headers.get("User-Agent", "") if c.isprintable())
    return Client(client_address(request), sys.intern(agent[:LONGEST_AGENT]), datetime.now(UTC))


def _is_again(request: web.Request) -> bool:
    """Whether its reader had a stream that was cut. Programs say so by the header that EventSource
    sends when it comes back, pages (which always know a cursor) by a word of their own."""
    return "again" in request.query or "Last-Event-ID" in request.headers


def _deadline(request: web.Request, person: Person) -> float:
    """Streams are mortal: jitter spreads reconnections, and none outlives its session."""
    lifetime = request.app[SETTINGS].stream_lifetime_seconds * random.uniform(0.5, 1)
    if person.expires_at is not None:
        left = (person.expires_at - datetime.now(UTC)).total_seconds()
        lifetime = min(lifetime, max(left, 0))
    return monotonic() + lifetime
