"""What the API answers about connections, statistics and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from handlers.declare import Shape


class ConnectionShape(Shape):
    """One open stream."""

    id: UUID
    user_id: UUID
    name: str
    email: str
    role: str
    rooms: list[str] = Field(description="What it hears, as audience terms.")
    kind: Literal["html", "json"] = Field(description="html: a page; json: a program.")
    device: str
    address: str
    credential: Literal["session", "key", "token"]
    credential_name: str | None = Field(description="The key's name, or the token's issuer.")
    since: datetime
    process: str


class ConnectionList(Shape):
    """Open streams on all processes, the youngest first; about a second old."""

    total: int
    people: int
    processes: int
    connections: list[ConnectionShape]
    next_cursor: str | None = Field(description="Send it as cursor for older ones.")


class PointShape(Shape):
    """One minute, hour or day. Latencies in milliseconds, rates in percent; null: nothing there."""

    at: datetime
    events: int
    notifications: int
    connections: int = Field(description="The most at a time.")
    opened: int = Field(description="Streams opened.")
    reopened: int = Field(description="Of them those that had been cut.")
    requests: int
    errors: int = Field(description="Of them those answered with 5xx.")
    p50: int | None
    p95: int | None
    reconnection_rate: float | None
    error_rate: float | None


class WholeShape(Shape):
    """The same of all points together."""

    events: int
    notifications: int
    connections: int
    opened: int
    reopened: int
    requests: int
    errors: int
    p50: int | None
    p95: int | None
    p99: int | None
    reconnection_rate: float | None
    error_rate: float | None


class TypeCount(Shape):
    """An event type."""

    type: str
    events: int
    notifications: int


class UnreadCount(Shape):
    """Somebody with unread notifications."""

    user_id: UUID
    name: str
    unread: int


class AlertShape(Shape):
    """What is out of bounds now."""

    kind: Literal["connections", "latency", "errors", "reconnections"]
    value: int
    bound: int
    raised_at: datetime


class StatisticsAnswer(Shape):
    """What happened in a tenant lately."""

    span: Literal["hour", "day", "month"]
    connections: int = Field(description="Now.")
    unread: int = Field(description="Of everybody together.")
    whole: WholeShape
    points: list[PointShape]
    types: list[TypeCount]
    most_unread: list[UnreadCount]
    alerts: list[AlertShape]


class WhyStep(Shape):
    """One step of a decision."""

    what: Literal["event", "audience", "person", "preferences", "inbox", "streams"]
    sign: Literal["yes", "no", "note"]
    known: Literal["then", "now"]
    text: str


class WhyAnswer(Shape):
    """Why an event did or did not reach somebody."""

    reached: bool
    verdict: str
    steps: list[WhyStep]
