"""The door for programs: POST /api/events, and taking an event back."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from campana import door, publish
from campana.door import EventError, Repeatable, Submission
from campana.errors import FieldError, Invalid
from handlers import fitting, replies
from handlers.app_keys import DB, DOOR
from handlers.declare import QueryShape, Shape, operation, path_id
from handlers.guards import Tenant, program, tenant_of
from handlers.shapes import Cancelled, Priority, Published, PublishedMany, Variant

MOST_EVENTS = 1000


class ActionShape(Shape):
    """A button: a name, what it says, and where it leads."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str = Field(min_length=1, max_length=60)
    url: str | None = Field(None, max_length=2000)


class EventShape(Shape):
    """A past fact somebody may want to hear; the fields are publish_event's arguments."""

    type: str = Field(min_length=1, max_length=80, examples=["sale:created"])
    audience: str = Field(min_length=1, max_length=2000, examples=["role:ADMIN & !user:ana@…"])
    tenant: str | None = Field(None, max_length=80, description="Only your own; may be left out.")
    title: str | None = Field(None, max_length=200)
    message: str | None = Field(None, max_length=4000)
    data: dict[str, Any] | None = Field(None, description="At most 32 KiB as JSON.")
    priority: Priority | None = None
    variant: Variant | None = None
    url: str | None = Field(None, max_length=2000, description="http(s), or a path of this site.")
    actions: list[ActionShape] | None = Field(None, max_length=5)
    actor: str | None = Field(None, max_length=254, description="Who did it: is not notified.")
    subject: str | None = Field(None, max_length=141, examples=["appointment:42"])
    dedupe_key: str | None = Field(None, min_length=1, max_length=255)
    collapse_key: str | None = Field(None, min_length=1, max_length=255)
    deliver_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


EventArray = Annotated[list[EventShape], Field(min_length=1, max_length=MOST_EVENTS)]
EVENTS: TypeAdapter[list[EventShape]] = TypeAdapter(EventArray)
KNOWN = fitting.wire_names(EventShape)


class PublishQuery(QueryShape):
    """How to publish."""

    dry_run: bool = Field(False, alias="dry_run", description="Not available yet.")


@program("publish", people="administrators")
@operation(
    "Publish events",
    tag="events",
    query=PublishQuery,
    body=EventShape | EventArray,
    answers={202: Published | PublishedMany},
    headers={
        "Idempotency-Key": "1 to 255 printable characters. A repetition gets the first answer, with"
        " Idempotency-Replayed: true; with another body 422, while in flight 409."
    },
)
async def create(request: web.Request, query: PublishQuery) -> web.Response:
    """POST /api/events

    One event, or an array of up to 1,000: all are published or none, and errors name the index.
    Accepted is durable. Fields may be written dedupeKey or dedupe_key.
    """
    if request.content_type != fitting.JSON:
        raise fitting.refused_type(request, fitting.JSON)
    if query.dry_run:
        raise Invalid("There is no dry run yet.", field="dry_run", code="invalid_value")
    tenant = tenant_of(request)
    submission = _submission(await request.read(), request.headers, tenant)
    answer, is_repetition = await request.app[DOOR].accept(tenant.id, submission)
    headers = {"Idempotency-Replayed": "true"} if is_repetition else None
    return replies.json(answer.body, status=answer.status, headers=headers)


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


def _submission(body: bytes, headers: Any, tenant: Tenant) -> Submission:
    sent = fitting.json(body)
    if not isinstance(sent, list | dict):
        raise Invalid("Send an event, or an array of events.", field="", code="invalid_value")
    is_array = isinstance(sent, list)
    events = _events(sent if isinstance(sent, list) else [sent], is_array)
    _refuse_foreign(events, is_array, tenant)
    key = headers.get("Idempotency-Key")
    repeatable = None if key is None else Repeatable(key, body)
    has_dedupe_keys = any(event.dedupe_key is not None for event in events)
    return Submission(_for_sql(events), is_array, has_dedupe_keys, repeatable)


def _events(sent: list[Any], is_array: bool) -> list[EventShape]:
    try:
        return EVENTS.validate_python(sent)
    except ValidationError as error:
        found = fitting.details(error)
    if not found[0]["loc"]:
        raise Invalid(
            f"Send 1 to {MOST_EVENTS:,} events at a time.", field="", code="invalid_value"
        )
    faults = [fitting.field_error(detail, detail["loc"][1:], KNOWN) for detail in found]
    if is_array:
        faults = [_at(fault, detail["loc"][0]) for fault, detail in zip(faults, found, strict=True)]
    door.refuse(faults)
    raise AssertionError("a validation error without a finding")


def _refuse_foreign(events: list[EventShape], is_array: bool, tenant: Tenant) -> None:
    own = (None, tenant.slug, str(tenant.id))
    said = "You may publish for your own tenant only."
    fault = FieldError("tenant", "invalid_value", said, "Leave it out, or name your own.")
    door.refuse(
        [
            _at(fault, index) if is_array else fault
            for index, event in enumerate(events)
            if event.tenant not in own
        ]
    )


def _at(fault: FieldError, index: Any) -> EventError:
    return EventError(fault.field, fault.code, fault.message, fault.hint, index)


def _for_sql(events: list[EventShape]) -> bytes:
    """The events under the names of publish_event's arguments, as JSON."""
    try:
        return EVENTS.dump_json(events, by_alias=False, exclude_none=True)
    except PydanticSerializationError:
        raise Invalid("Data is nested too deeply.", field="data", code="invalid_value") from None
