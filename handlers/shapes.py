"""What the API answers, for its description; handlers build the same by hand, tests compare."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from campana.errors import CODES
from campana.events import Priority, Variant
from handlers.declare import QueryShape, Shape, Stream

ChannelName = Literal["inbox", "toast", "sound", "desktop", "email", "push", "sms", "whatsapp"]
Code = Annotated[str, Field(json_schema_extra={"enum": sorted(CODES)})]


class NotificationShape(Shape):
    """One notification, in its reader's language."""

    id: UUID = Field(description="The event's id (UUIDv7); it stays when the notification changes.")
    seq: int = Field(description="Place in this reader's inbox, from 1, without gaps.")
    type: str
    title: str
    message: str
    priority: Priority
    variant: Variant
    data: dict[str, Any]
    actions: list[dict[str, Any]] = Field(
        description="Each {name, label}; with url also method: get leads there, post does it."
    )
    url: str | None
    created_at: datetime
    is_read: bool
    subject: str | None = Field(description="What it is about, as kind:id.")


class HeardNotification(NotificationShape):
    """A notification as it arrives, with the channels its reader wants it on."""

    channels: list[ChannelName] = Field(description="Effective when it was dispatched.")


class ListedNotification(NotificationShape):
    """A notification, and why its reader has it."""

    reason: str = Field(description="Why it reached this reader, for example role:ADMIN.")
    is_muted: bool = Field(description="This reader muted its subject: more of it makes no noise.")


class Pagination(Shape):
    """Where this page is. page, total and pages are null when going on by cursor."""

    page: int | None
    limit: int
    total: int | None
    total_is_capped: bool = Field(description="There may be more than total.")
    pages: int | None
    next_cursor: str | None = Field(
        description="Send it as cursor for older ones; null at the end."
    )


class NotificationList(Shape):
    """A page of notifications, newest first."""

    notifications: list[ListedNotification]
    pagination: Pagination


class Changed(Shape):
    """A notification was changed, or was like that before."""

    id: UUID
    changed: bool
    unread: int = Field(description="The badge from now on.")
    rev: int = Field(description="State of reads and deletions; streams tell it too.")


class ChangedMany(Shape):
    """Everything up to a point was changed."""

    changed: int = Field(description="How many notifications.")
    unread: int
    rev: int


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


class MadeToken(Shape):
    """A token (JWT), to be sent as Authorization: Bearer."""

    token: str
    expires_at: datetime


class Cancelled(Shape):
    """The event will not be delivered."""

    id: UUID
    cancelled: Literal[True]


class DatabaseHealth(Shape):
    """How the database answers."""

    ok: bool
    latency_ms: float | None
    version: str | None


class Health(Shape):
    """How this process is."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    database: DatabaseHealth
    dispatcher: Literal["running", "away"] = Field(description="Of any process.")
    listener: Literal["connected", "away"] = Field(description="Of this process.")
    streams: int
    uptime: float = Field(description="Seconds.")


class Live(Shape):
    """The process answers."""

    live: Literal[True]


class Ready(Shape):
    """Whether requests are welcome, and if not, why: leaving, database or migrations."""

    ready: bool
    reason: Literal["leaving", "database", "migrations"] | None


class Fault(Shape):
    """One thing wrong with one field."""

    index: int | None = Field(None, description="Which event of an array, from 0.")
    field: str
    code: Code
    message: str
    hint: str | None = None


class Problem(Shape):
    """Why a request failed (RFC 9457)."""

    type: str = Field(description="urn:campana:problem:<code>")
    title: str
    status: int
    code: Code
    detail: str | None = None
    field: str | None = None
    hint: str | None = Field(None, description="What to do about it.")
    errors: list[Fault] | None = None
    request_id: str | None = Field(None, description="Names the request in the server's log.")


class HelloShape(Shape):
    """First message of a stream; its id is the cursor served from."""

    user_id: UUID
    tenant_id: UUID
    role: str
    timestamp: datetime
    seq: int = Field(description="Newest seq of the inbox.")
    unread: int
    rev: int
    signal: str = Field(description="Where live messages stand: for the next poll.")


class UnreadShape(Shape):
    """The badge changed."""

    count: int
    rev: int


class StateShape(Shape):
    """Notifications were read or deleted: these, or all up to a seq."""

    ids: list[UUID] | None = None
    up_to: int | None = None
    rev: int


class ResyncShape(Shape):
    """Something may have been missed: fetch again."""

    scope: Literal["inbox", "live", "all"]
    rev: int | None = Field(None, description="Of the inbox, where it changed.")


class VisitedShape(Shape):
    """A page was looked at, here or on another device: nothing on it is new any more."""

    page: str


class StreamQuery(QueryShape):
    """Where to begin, and how to listen."""

    last_event_id: str | None = Field(
        None, alias="last_event_id", description="As the header Last-Event-ID, which wins."
    )
    poll: bool = Field(False, description="What is new as an answer that ends.")
    signal: str | None = Field(
        None, description="With poll: of the last hello, to get the live messages since, too."
    )


JSON_STREAM = Stream(
    "Server-sent events, each with one line of JSON. Only `notification` carries an id,"
    " `<epoch>-<seq>`: send the last one back as Last-Event-ID to resume exactly. Every event also"
    " comes as a live message named by its type, for example `sale:created`. With `?poll=1` the"
    " answer ends after what is new.",
    {
        "hello": HelloShape,
        "notification": HeardNotification,
        "unread": UnreadShape,
        "read": StateShape,
        "deleted": StateShape,
        "resync": ResyncShape,
        "visited": VisitedShape,
        "bye": dict[str, Any],
    },
)
