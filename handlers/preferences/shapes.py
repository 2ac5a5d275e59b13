"""Preferences on the wire, by the sources' names and by ours."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from campana.events import Priority
from campana.preferences.choices import FARTHEST_REMINDER, MOST_REMINDERS
from handlers.declare import Shape
from handlers.shapes import ChannelName

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Detected = Literal["unanswered", "hot_lead", "follow_up", "performance"]
LayerName = Literal["type", "tenant", "role", "person"]
Minutes = Annotated[int, Field(strict=True, ge=1, le=FARTHEST_REMINDER)]
Language = Literal["es", "en"]


def _clock(value: object) -> object:
    """`HH:MM` and nothing else: pydantic would take numbers for seconds."""
    if isinstance(value, dt.time):
        return value
    if not isinstance(value, str) or len(value) not in (5, 8):
        raise ValueError("A time is written HH:MM.")
    return value


Clock = Annotated[dt.time, BeforeValidator(_clock)]


class QuietHours(Shape):
    """From start to just before end by the person's clock; past midnight when end is less."""

    start: Clock
    end: Clock


class PreferencesPatch(Shape):
    """What is to change; everything left out stays."""

    reset: bool = Field(False, description="First everything as the tenant and role say.")
    enable_push_notifications: bool | None = None
    enable_email_notifications: bool | None = None
    enable_sms_notifications: bool | None = Field(None, alias="enableSMSNotifications")
    enable_whats_app_notifications: bool | None = None
    enable_sounds: bool | None = None
    enable_desktop_notifications: bool | None = None
    enable_toast_notifications: bool | None = None
    push_notifications: bool | None = Field(None, description="As enablePushNotifications.")
    email_notifications: bool | None = Field(None, description="As enableEmailNotifications.")
    notify_appointment_created: bool | None = None
    notify_appointment_updated: bool | None = Field(None, description="Rescheduled ones too.")
    notify_appointment_cancelled: bool | None = None
    notify_appointment_reminder: bool | None = None
    notify_schedule_changes: bool | None = None
    notify_system_alerts: bool | None = None
    notification_types: list[Detected] | None = Field(None, description="These and no others.")
    reminder_minutes_before: list[Minutes] | None = Field(None, max_length=MOST_REMINDERS)
    min_priority: Priority | None = Field(None, description="null: as the layers above say.")
    quiet_hours: QuietHours | Literal["default"] | None = Field(
        None, description="null: none; default: as the layers above say."
    )
    work_days: list[Day] | None = Field(
        None, max_length=7, description="null: as the layers above say."
    )
    urgent_breaks_through: bool | None = Field(
        None, description="Days off and quiet hours. null: as the layers above say."
    )
    paused_until: AwareDatetime | None = Field(None, description="null: go on at once.")
    muted_subjects: list[Annotated[str, Field(max_length=200)]] | None = Field(
        None, max_length=500, description="All of them, as kind:id; the others are heard again."
    )
    time_zone: str | None = Field(None, max_length=60, description="null: the tenant's.")
    language: Language | None = None
    toast_seconds: Annotated[int, Field(ge=2, le=60)] | None = None
    live_updates: bool | None = None
    shortcuts: bool | None = None
    types: dict[str, dict[ChannelName, bool | None]] | None = Field(
        None, description="type → channel → on, off, or null for what the layers above say."
    )


class CellShape(Shape):
    """A type on a channel. lock: it cannot be switched off (required) or on (blocked)."""

    on: bool
    decided_by: LayerName
    lock: Literal["required", "blocked"] | None
    locked_by: LayerName | None
    reason: str = Field(description="Why it is locked, as who locked it says; may be empty.")


class ChannelShape(Shape):
    """A way to reach somebody. setUp: whether anything is sent by it here."""

    set_up: bool
    enabled: bool


class DecidedBy(Shape):
    """Which layer each of these comes from."""

    min_priority: LayerName
    quiet_hours: LayerName
    work_days: LayerName
    urgent_breaks_through: LayerName


class PreferencesShape(Shape):
    """What holds for this person, effectively."""

    enable_push_notifications: bool
    enable_email_notifications: bool
    enable_sms_notifications: bool = Field(alias="enableSMSNotifications")
    enable_whats_app_notifications: bool
    enable_sounds: bool
    enable_desktop_notifications: bool
    enable_toast_notifications: bool
    push_notifications: bool
    email_notifications: bool
    notify_appointment_created: bool
    notify_appointment_updated: bool
    notify_appointment_cancelled: bool
    notify_appointment_reminder: bool
    notify_schedule_changes: bool
    notify_system_alerts: bool
    notification_types: list[Detected]
    reminder_minutes_before: list[int]
    min_priority: Priority
    quiet_hours: QuietHours | None
    work_days: list[Day]
    urgent_breaks_through: bool
    paused_until: AwareDatetime | None
    muted_subjects: list[str]
    time_zone: str
    language: Language
    toast_seconds: int
    live_updates: bool
    shortcuts: bool
    channels: dict[ChannelName, ChannelShape]
    types: dict[str, dict[ChannelName, CellShape]]
    decided_by: DecidedBy
