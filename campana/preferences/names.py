"""What the source systems call things, and what they are here. The API speaks both."""

from __future__ import annotations

from campana.channels import DESKTOP, EMAIL, PUSH, SMS, SOUND, TOAST, WHATSAPP

SWITCHES = {
    "enable_push_notifications": PUSH,
    "enable_email_notifications": EMAIL,
    "enable_sms_notifications": SMS,
    "enable_whats_app_notifications": WHATSAPP,
    "enable_sounds": SOUND,
    "enable_desktop_notifications": DESKTOP,
    "enable_toast_notifications": TOAST,
    "push_notifications": PUSH,
    "email_notifications": EMAIL,
}
"""A channel for everything, on or off."""

OPT_IN = SMS | WHATSAPP
"""Switched on also means: for every type, where none was chosen. These cost money."""

NOTIFY = {
    "notify_appointment_created": ("appointment:created",),
    "notify_appointment_updated": ("appointment:updated", "appointment:rescheduled"),
    "notify_appointment_cancelled": ("appointment:deleted",),
    "notify_appointment_reminder": ("appointment:reminder",),
    "notify_schedule_changes": ("schedule:updated",),
    "notify_system_alerts": ("system:alert",),
}
"""Types in the inbox, on or off."""

DETECTED = {
    "unanswered": "conversation:unanswered",
    "hot_lead": "lead:hot",
    "follow_up": "lead:follow_up_due",
    "performance": "seller:performance_alert",
}
"""`notificationTypes`: those listed are on, the others off."""
