"""Events: past facts that somebody may want to hear.

Each class is one built-in type; its docstring is its page in docs/events.md. Field names are
the arguments of `publish_event()`. Tenants add further types as data (campana.tenant_type).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

Priority = Literal["low", "medium", "high", "urgent"]
Variant = Literal["info", "success", "warning", "error"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""From the lowest."""
VARIANTS: tuple[Variant, ...] = get_args(Variant)


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event can say. `audience` is an audience expression, the rest is optional.

    title: at most 200 characters, message: 4,000, data: a JSON object of at most 32 KiB,
    url: http(s) or a path of this site, actions: at most five of {name, label?, url?, method?,
    variant?} (see "Actions"), actor: a user's id or e-mail, who is not notified,
    subject: `kind:id`.
    """

    type: ClassVar[str]
    lasting: ClassVar[bool] = True
    default_priority: ClassVar[str] = "medium"
    default_variant: ClassVar[str] = "info"

    audience: str
    title: str | None = None
    message: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    priority: str | None = None
    variant: str | None = None
    url: str | None = None
    actions: list[dict[str, Any]] | None = None
    actor: str | None = None
    subject: str | None = None
    dedupe_key: str | None = None
    collapse_key: str | None = None
    deliver_at: datetime | None = None
    expires_at: datetime | None = None


class AppointmentCreated(Event):
    """An appointment was booked.

    data: {appointmentId, customer, service, start, professionalId, createdBy}.
    """

    type = "appointment:created"
    default_variant = "success"


class AppointmentUpdated(Event):
    """An appointment's details changed. data: {appointmentId, changes, updatedBy}."""

    type = "appointment:updated"


class AppointmentDeleted(Event):
    """An appointment was cancelled. data: {appointmentId, deletedBy}."""

    type = "appointment:deleted"
    default_variant = "warning"


class AppointmentRescheduled(Event):
    """An appointment moved. data: {appointmentId, oldTime, newTime, updatedBy}."""

    type = "appointment:rescheduled"
    default_variant = "warning"
    default_priority = "high"


class AppointmentReminder(Event):
    """An appointment is near. data: {appointmentId, start, minutes}."""

    type = "appointment:reminder"
    default_priority = "high"


class ScheduleUpdated(Event):
    """A professional's working hours changed. data: {professionalId, schedule}."""

    type = "schedule:updated"


class CalendarRefresh(Event):
    """Live only: calendars should fetch again. data: {reason, affectedDates}."""

    type = "calendar:refresh"
    lasting = False
    default_priority = "low"


class UserOnline(Event):
    """Live only: somebody connected. data: {userId, name, role}."""

    type = "user:online"
    lasting = False
    default_priority = "low"


class UserOffline(Event):
    """Live only: somebody's last device disconnected. data: {userId}."""

    type = "user:offline"
    lasting = False
    default_priority = "low"


class ConversationUnanswered(Event):
    """A conversation waits for more than an hour. data: {conversationId, customer, minutes}."""

    type = "conversation:unanswered"
    default_priority = "high"
    default_variant = "warning"


class LeadHot(Event):
    """A lead scores 0.8 or more. data: {leadId, name, score}."""

    type = "lead:hot"
    default_priority = "high"
    default_variant = "success"


class LeadFollowUpDue(Event):
    """A promised follow-up is due. data: {leadId, name, dueAt}."""

    type = "lead:follow_up_due"


class SellerPerformanceAlert(Event):
    """A seller is slow, overloaded or converts little. data: {sellerId, name, metric, value}."""

    type = "seller:performance_alert"
    default_priority = "high"
    default_variant = "warning"


class OrderCreated(Event):
    """An order reached the kitchen. data: {orderId, table, items}."""

    type = "order:created"


class OrderReady(Event):
    """An order can be served. data: {orderId, table}."""

    type = "order:ready"
    default_variant = "success"
    default_priority = "high"


class OrderStatusChanged(Event):
    """An order changed its state. data: {orderId, from, to}."""

    type = "order:status_changed"


class OrderItemModified(Event):
    """An item of an order changed. data: {orderId, item, change}."""

    type = "order:item_modified"
    default_variant = "warning"


class OrderCancelled(Event):
    """An order was cancelled. data: {orderId, reason}."""

    type = "order:cancelled"
    default_variant = "error"
    default_priority = "high"


class OrderPaid(Event):
    """An order was paid. data: {orderId, total, method}."""

    type = "order:paid"
    default_variant = "success"


class SaleCreated(Event):
    """A sale was created, checked out or paid.

    data: {saleId, number, customer, total, currency, status, stage (created, checkout or paid)}.
    """

    type = "sale:created"
    default_variant = "success"


class SaleUpdated(Event):
    """A sale changed. data: as of sale:created, and changes: the names of what changed."""

    type = "sale:updated"


class SaleCancelled(Event):
    """A sale was cancelled. data: as of sale:created, and reason, which may be null."""

    type = "sale:cancelled"
    default_variant = "warning"


class StockLow(Event):
    """An article fell below its minimum. data: {productId, name, quantity, minimum}."""

    type = "stock:low"
    default_priority = "high"
    default_variant = "warning"


class StockOut(Event):
    """An article is sold out. data: {productId, name}."""

    type = "stock:out"
    default_priority = "urgent"
    default_variant = "error"


class StockRestocked(Event):
    """An article is available again. data: {productId, name, quantity}."""

    type = "stock:restocked"
    default_variant = "success"


class SystemAlert(Event):
    """Campana itself needs attention. data: {alert, …}."""

    type = "system:alert"
    default_priority = "urgent"
    default_variant = "error"


class AnnouncementPublished(Event):
    """An announcement for everyone. Usually with a title and a message of its own."""

    type = "announcement:published"


BUILTIN: tuple[type[Event], ...] = tuple(Event.__subclasses__())
"""All built-in types, in the order of docs/events.md."""
