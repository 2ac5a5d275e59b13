"""Notifications and problems as the API tells them, for its description; handlers build the same by
hand, tests compare. Shapes of one kind of answer are with its handler."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from campana.errors import CODES
from campana.events import Priority, Variant
from handlers.declare import Shape

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
