"""The door for programs: POST /api/events, and taking an event back."""

from __future__ import annotations

import re
from typing import Any

import orjson
from aiohttp import web
from pydantic import Field

from campana import publish
from campana.door import Foreseen, Repeatable, Submission
from campana.errors import FieldError, Invalid
from handlers import cloudevents, fitting, replies
from handlers.app_keys import DB, DOOR, LIMITS
from handlers.cloudevents import CloudEventArray, CloudEventShape
from handlers.declare import QueryShape, operation, path_id
from handlers.event_shapes import (
    EVENTS,
    KNOWN,
    Cancelled,
    EventArray,
    EventShape,
    ForeseenEvent,
    ForeseenEvents,
    Published,
    PublishedMany,
    fitted,
    for_sql,
    refuse_where,
)
from handlers.guards import Tenant, program, tenant_of


class PublishQuery(QueryShape):
    """How to publish."""

    dry_run: bool = Field(
        False,
        alias="dry_run",
        description="Everything is looked at, nothing happens; 200 says whom it would reach.",
    )


@program("publish", people="administrators")
@operation(
    "Publish events",
    tag="events",
    query=PublishQuery,
    body=EventShape | EventArray,
    bodies={
        cloudevents.STRUCTURED: CloudEventShape,
        cloudevents.BATCHED: CloudEventArray,
    },
    answers={202: Published | PublishedMany, 200: ForeseenEvent | ForeseenEvents},
    limited="rate",
    headers={
        "Idempotency-Key": "1 to 255 printable characters. A repetition gets the first answer, with"
        " Idempotency-Replayed: true; with another body 422, while in flight 409.",
        "ce-id": "With ce-source, ce-type, ce-specversion and others: a CloudEvent in binary mode,"
        " whose data is the body.",
    },
)
async def create(request: web.Request, query: PublishQuery) -> web.Response:
    """POST /api/events

    One event, or an array of up to 1,000: all are published or none, and errors name the index.
    Accepted is durable. Fields may be written dedupeKey or dedupe_key. CloudEvents 1.0 are welcome
    structured, batched and binary. With dry_run the answer is 200 and nothing happens.
    """
    _refuse_unclear(request)
    tenant = tenant_of(request)
    events, is_array = await _read(request)
    _refuse_foreign(events, is_array, tenant)
    said = await request.app[LIMITS].publish(tenant.id, _publisher(request), len(events))
    if query.dry_run:
        found = await request.app[DOOR].foresee(tenant.id, for_sql(events), is_array=is_array)
        told = list(map(_foreseen, found))
        return replies.json({"events": told} if is_array else told[0], headers=said)
    submission = await _submission(request, events, is_array)
    answer, is_repetition = await request.app[DOOR].accept(tenant.id, submission)
    if is_repetition:
        said["Idempotency-Replayed"] = "true"
    return replies.json(answer.body, status=answer.status, headers=said)


@program("publish", people="administrators")
@operation("Cancel an event that is not due yet", tag="events", answers={200: Cancelled})
async def cancel(request: web.Request) -> web.Response:
    """POST /api/events/{id}/cancel

    409 already_due once it is on its way.
    """
    tenant, event_id = tenant_of(request), path_id(request)
    async with request.app[DB].tenant(tenant.id) as tx:
        await publish.cancel(tx, str(tenant.id), event_id)
    return replies.json({"id": event_id, "cancelled": True})


def _refuse_unclear(request: web.Request) -> None:
    """Who asks for a dry run in other words would ring bells: `?dryRun=1`, `?dry_run`."""
    for name, value in request.query.items():
        means_it = re.sub(r"[^a-z]", "", name.lower()) == "dryrun"
        if means_it and (name != "dry_run" or not value):
            said = "Whether this is a dry run is not clear."
            raise Invalid(said, field=name[:80], code="invalid_value", hint="Write dry_run=1.")


async def _read(request: web.Request) -> tuple[list[EventShape], bool]:
    """The events of a request, and whether they came as an array."""
    kind = request.content_type
    if kind == cloudevents.STRUCTURED:
        return await cloudevents.one(request), False
    if kind == cloudevents.BATCHED:
        return await cloudevents.batch(request), True
    if cloudevents.is_binary(request):
        return await cloudevents.binary(request), False
    if kind != fitting.JSON:
        known = (fitting.JSON, cloudevents.STRUCTURED, cloudevents.BATCHED)
        raise fitting.refused_type(request, *known)
    sent = fitting.json(await request.read())
    if not isinstance(sent, list | dict):
        raise Invalid("Send an event, or an array of events.", field="", code="invalid_value")
    if isinstance(sent, list):
        return fitted(EVENTS, KNOWN, sent, is_array=True), True
    return fitted(EVENTS, KNOWN, [sent], is_array=False), False


async def _submission(request: web.Request, events: list[EventShape], is_array: bool) -> Submission:
    key = request.headers.get("Idempotency-Key")
    repeatable = None if key is None else Repeatable(key, await _whole(request))
    has_dedupe_keys = any(event.dedupe_key is not None for event in events)
    return Submission(for_sql(events), is_array, has_dedupe_keys, repeatable)


def _publisher(request: web.Request) -> str:
    """Whose events a minute are counted: the key's, or the administrator's."""
    key, person = request["key"], request["person"]
    if key is not None:
        return f"key:{key.id}"
    by_key = person.credential == "key"
    return f"key:{person.credential_id}" if by_key else f"user:{person.id}"


def _foreseen(found: Foreseen) -> dict[str, Any]:
    return {
        "recipients": found.recipients,
        "names": found.names,
        "isRepeated": found.is_repeated,
    }


async def _whole(request: web.Request) -> bytes:
    """All that a repetition must have in common: in binary mode headers belong to it."""
    body = await request.read()
    if not cloudevents.is_binary(request):
        return body
    return orjson.dumps(sorted(cloudevents.attributes(request).items())) + body


def _refuse_foreign(events: list[EventShape], is_array: bool, tenant: Tenant) -> None:
    own = (None, tenant.slug, str(tenant.id))
    said = "You may publish for your own tenant only."
    fault = FieldError("tenant", "invalid_value", said, "Leave it out, or name your own.")
    refuse_where(events, lambda event: None if event.tenant in own else fault, is_array=is_array)
