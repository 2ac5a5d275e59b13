"""What streams say and take, for the description of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from handlers.declare import QueryShape, Shape, Stream
from handlers.shapes import ChannelName, NotificationShape


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


class HeardNotification(NotificationShape):
    """A notification as it arrives, with the channels its reader wants it on."""

    channels: list[ChannelName] = Field(description="Effective when it was dispatched.")


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
