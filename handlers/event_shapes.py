"""An event as programs send it, what they are told, and what is wrong with one of many by index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticSerializationError

from campana import door
from campana.door import EventError
from campana.errors import FieldError, Invalid
from campana.events import Priority, Variant
from campana.vocabulary import TYPES
from handlers import fitting
from handlers.declare import Shape

MOST_EVENTS = 1000

T = TypeVar("T")


class ActionShape(Shape):
    """A button: a name, what it says, and where it leads or what it does."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Each name once.")
    label: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="Left out: the name's words in the reader's language.",
    )
    url: str | None = Field(
        None, max_length=2000, description="http(s), or a path of this site; for post a path."
    )
    method: Literal["get", "post"] | None = Field(
        None,
        description="get (the default) leads to url. post does what a business offers under that"
        " path; where none does there is no button.",
    )


class EventShape(Shape):
    """A past fact somebody may want to hear; the fields are publish_event's arguments."""

    type: str = Field(min_length=1, max_length=80, examples=["sale:created"])
    audience: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        examples=["role:ADMIN & !user:ana@…"],
        validate_default=True,
        description="May be left out where the tenant's own type says whom it is for.",
    )
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

    @field_validator("audience")
    @classmethod
    def _is_said(cls, audience: str | None, info: ValidationInfo) -> str | None:
        if audience is None and info.data.get("type") in (None, *TYPES):
            raise PydanticCustomError("missing", "Field required")
        return audience


EventArray = Annotated[list[EventShape], Field(min_length=1, max_length=MOST_EVENTS)]
EVENTS: TypeAdapter[list[EventShape]] = TypeAdapter(EventArray)
KNOWN = fitting.wire_names(EventShape)


class Published(Shape):
    """An event was accepted; it is durable and on its way, or waits for its time."""

    id: UUID


class PublishedMany(Shape):
    """All events of an array were accepted, in this order."""

    events: list[Published]


class ForeseenEvent(Shape):
    """Whom an event would be for, if it were published now; preferences are not asked."""

    recipients: int | None = Field(
        description="Active people in the audience, without the actor; null: not counted in time."
    )
    names: list[str] = Field(description="The first five of them by name.")
    is_repeated: bool = Field(description="Its dedupe key is taken: nothing would happen.")


class ForeseenEvents(Shape):
    """The same of an array, in its order."""

    events: list[ForeseenEvent]


class Cancelled(Shape):
    """The event will not be delivered."""

    id: UUID
    cancelled: Literal[True]


def fitted(
    many: TypeAdapter[list[T]], known: Iterable[str], sent: list[Any], *, is_array: bool
) -> list[T]:
    """`sent` as shapes; Invalid with all that does not fit, by index where it was an array."""
    try:
        return many.validate_python(sent)
    except ValidationError as error:
        found = fitting.details(error)
    if not found[0]["loc"]:
        raise Invalid(
            f"Send 1 to {MOST_EVENTS:,} events at a time.", field="", code="invalid_value"
        )
    faults = [fitting.field_error(detail, detail["loc"][1:], known) for detail in found]
    if is_array:
        faults = [at(fault, detail["loc"][0]) for fault, detail in zip(faults, found, strict=True)]
    door.refuse(faults)
    raise AssertionError("a validation error without a finding")


def refuse_where(
    events: list[T], wrong: Callable[[T], FieldError | None], *, is_array: bool
) -> None:
    """Raises Invalid with what `wrong` finds, by index where it was an array."""
    found = [(index, fault) for index, event in enumerate(events) if (fault := wrong(event))]
    door.refuse([at(fault, index) if is_array else fault for index, fault in found])


def for_sql(events: list[EventShape]) -> bytes:
    """The events under the names of publish_event's arguments, as JSON."""
    try:
        return EVENTS.dump_json(events, by_alias=False, exclude_none=True)
    except PydanticSerializationError:
        raise Invalid("Data is nested too deeply.", field="data", code="invalid_value") from None


def at(fault: FieldError, index: Any) -> EventError:
    """The same, of the event with this index."""
    return EventError(fault.field, fault.code, fault.message, fault.hint, index)
