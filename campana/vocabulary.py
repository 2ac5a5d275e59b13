"""Words and signs for what the product names: event types and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from campana.i18n import current_locale, gettext
from campana.i18n import marked as _

TYPES = {
    "appointment:created": _("New appointment"),
    "appointment:updated": _("Appointment changed"),
    "appointment:deleted": _("Appointment cancelled"),
    "appointment:rescheduled": _("Appointment moved"),
    "appointment:reminder": _("Reminder"),
    "schedule:updated": _("Working hours changed"),
    "calendar:refresh": _("Calendar refreshed"),
    "user:online": _("Colleague online"),
    "user:offline": _("Colleague offline"),
    "conversation:unanswered": _("Unanswered conversation"),
    "lead:hot": _("Hot lead"),
    "lead:follow_up_due": _("Follow-up due"),
    "seller:performance_alert": _("Performance alert"),
    "order:created": _("New order"),
    "order:ready": _("Order ready"),
    "order:status_changed": _("Order status"),
    "order:item_modified": _("Order changed"),
    "order:cancelled": _("Order cancelled"),
    "order:paid": _("Order paid"),
    "sale:created": _("New sale"),
    "sale:updated": _("Sale changed"),
    "sale:cancelled": _("Sale cancelled"),
    "stock:low": _("Low stock"),
    "stock:out": _("Out of stock"),
    "stock:restocked": _("Restocked"),
    "system:alert": _("System alert"),
    "announcement:published": _("Announcement"),
}

PRIORITIES = {
    "low": _("Low"),
    "medium": _("Normal"),
    "high": _("Important"),
    "urgent": _("Urgent"),
}

VARIANTS = {
    "info": _("Information"),
    "success": _("Good news"),
    "warning": _("Warning"),
    "error": _("Trouble"),
}

ACTIONS = {
    "confirm_payment": _("Confirm payment"),
    "view_sale": _("View sale"),
}

MUTES = {
    "appointment": _("Mute this appointment"),
    "conversation": _("Mute this conversation"),
    "lead": _("Mute this lead"),
    "order": _("Mute this order"),
    "sale": _("Mute this sale"),
}

SUBJECTS = {
    "appointment": _("an appointment"),
    "conversation": _("a conversation"),
    "lead": _("a lead"),
    "order": _("an order"),
    "sale": _("a sale"),
}

FOLLOWED = {
    "sale": _("because you follow this sale"),
}
"""Why a notification came, by the kind of topic that its reader follows."""

ICONS = {
    "appointment": "calendar",
    "appointment:deleted": "calendar-x",
    "appointment:rescheduled": "calendar-clock",
    "appointment:reminder": "clock",
    "schedule": "calendar-clock",
    "calendar": "calendar",
    "conversation": "message-circle",
    "lead": "circle-user",
    "lead:hot": "flame",
    "seller": "trending-down",
    "order": "utensils",
    "order:ready": "concierge-bell",
    "order:paid": "banknote",
    "sale": "receipt",
    "stock": "package",
    "stock:out": "package-x",
    "stock:restocked": "package-check",
    "system": "triangle-alert",
    "announcement": "megaphone",
}


_own: ContextVar[Mapping[str, Mapping[str, str]] | None] = ContextVar("own_types", default=None)


@contextmanager
def calling(own: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """Within it, types of a tenant's own (type → language → name) are called so."""
    token = _own.set(own)
    try:
        yield
    finally:
        _own.reset(token)


def type_in_words(event_type: str) -> str:
    """`New sale` for `sale:created`; a tenant's own type as the tenant calls it, in the reader's
    language or another one, else by what it is on the wire: `Gift: card sold`."""
    if event_type in TYPES:
        return gettext(TYPES[event_type])
    if called := (_own.get() or {}).get(event_type):
        return called.get(current_locale()) or next(iter(called.values()))
    return event_type.replace("_", " ").replace(":", ": ").strip().capitalize()


def priority_in_words(priority: str) -> str:
    return gettext(PRIORITIES[priority])


def priority_choices() -> list[tuple[str, str]]:
    """(value, label) from the lowest."""
    return [(name, gettext(label)) for name, label in PRIORITIES.items()]


def variant_choices() -> list[tuple[str, str]]:
    """(value, label), from the calmest."""
    return [(name, gettext(label)) for name, label in VARIANTS.items()]


def action_in_words(name: str) -> str:
    """`View sale` for `view_sale`; a publisher's own by its name."""
    return gettext(ACTIONS[name]) if name in ACTIONS else name.replace("_", " ").capitalize()


def mute_in_words(subject: str) -> str:
    """`Mute this sale` for `sale:7`; `Mute what this is about` for what is no word of ours."""
    kind = subject.partition(":")[0]
    return gettext(MUTES[kind]) if kind in MUTES else gettext("Mute what this is about")


def subject_in_words(subject: str) -> str:
    """`a sale` for `sale:7`; what is no word of ours as it is."""
    kind = subject.partition(":")[0]
    return gettext(SUBJECTS[kind]) if kind in SUBJECTS else subject


def type_icon(event_type: str | None) -> str:
    """A symbol of `static/icons.svg`."""
    name = event_type or ""
    return ICONS.get(name) or ICONS.get(name.partition(":")[0]) or "bell"


def reason_in_words(reason: str | None) -> str:
    """Why a notification reached its reader, from what the inbox row keeps: `role:ADMIN`, `all`."""
    kind, _colon, name = (reason or "").partition(":")
    if kind == "role" and name:
        return gettext("because you are %(role)s") % {"role": name}
    if kind == "branch" and name:
        return gettext("because you work at %(branch)s") % {"branch": name}
    if kind == "topic" and name.partition(":")[0] in FOLLOWED:
        return gettext(FOLLOWED[name.partition(":")[0]])
    if kind == "topic" and name:
        return gettext("because you follow %(topic)s") % {"topic": name}
    if kind == "user":
        return gettext("sent to you")
    return gettext("sent to everyone") if kind == "all" else ""
