"""What built-in types mean, in the words of campana/events.py, marked for translation."""

from __future__ import annotations

from campana.i18n import marked as _

MEANINGS = {
    "appointment:created": _("An appointment was booked."),
    "appointment:updated": _("An appointment's details changed."),
    "appointment:deleted": _("An appointment was cancelled."),
    "appointment:rescheduled": _("An appointment moved."),
    "appointment:reminder": _("An appointment is near."),
    "schedule:updated": _("A professional's working hours changed."),
    "calendar:refresh": _("Live only: calendars should fetch again."),
    "user:online": _("Live only: somebody connected."),
    "user:offline": _("Live only: somebody's last device disconnected."),
    "conversation:unanswered": _("A conversation waits for more than an hour."),
    "lead:hot": _("A lead scores 0.8 or more."),
    "lead:follow_up_due": _("A promised follow-up is due."),
    "seller:performance_alert": _("A seller is slow, overloaded or converts little."),
    "order:created": _("An order reached the kitchen."),
    "order:ready": _("An order can be served."),
    "order:status_changed": _("An order changed its state."),
    "order:item_modified": _("An item of an order changed."),
    "order:cancelled": _("An order was cancelled."),
    "order:paid": _("An order was paid."),
    "sale:created": _("A sale was created, checked out or paid."),
    "sale:updated": _("A sale changed."),
    "sale:cancelled": _("A sale was cancelled."),
    "stock:low": _("An article fell below its minimum."),
    "stock:out": _("An article is sold out."),
    "stock:restocked": _("An article is available again."),
    "system:alert": _("Campana itself needs attention."),
    "announcement:published": _(
        "An announcement for everyone. Usually with a title and a message of its own."
    ),
}
"""Type → the first words of its docstring; a test keeps them equal."""

NOTES = (
    _("as of sale:created, and changes: the names of what changed"),
    _("as of sale:created, and reason, which may be null"),
    _("{saleId, number, customer, total, currency, status, stage (created, checkout or paid)}"),
)
"""What docstrings say of data beyond the names of fields."""
