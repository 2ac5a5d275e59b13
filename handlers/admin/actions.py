"""What the audit calls an action, and what a row is about, in words for people."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from campana import i18n
from campana.i18n import LANGUAGE_NAMES, gettext
from campana.i18n import marked as _
from campana.preferences.words import days_in_words
from campana.vocabulary import PRIORITIES, VARIANTS
from handlers.admin.policy_words import audited_cell, audited_state

ACTIONS = {
    "user.add": _("Person added"),
    "user.change": _("Person changed"),
    "user.change_email": _("E-mail changed"),
    "user.change_role": _("Role given"),
    "user.change_password": _("Password changed"),
    "user.erase": _("Person erased"),
    "user.activate": _("Person let in again"),
    "user.deactivate": _("Person deactivated"),
    "user.sign_out": _("Signed out everywhere"),
    "user.invite": _("Invitation renewed"),
    "user.accept_invitation": _("Invitation accepted"),
    "role.create": _("Role created"),
    "role.change": _("Rights of a role changed"),
    "role.delete": _("Role deleted"),
    "branch.create": _("Branch created"),
    "branch.delete": _("Branch deleted"),
    "settings.change": _("Settings changed"),
    "key.create": _("API key created"),
    "key.revoke": _("API key revoked"),
    "issuer.add": _("Token issuer added"),
    "issuer.keys": _("Keys of a token issuer changed"),
    "issuer.revoke": _("Token issuer revoked"),
    "policy.change": _("Notifications policy changed"),
    "policy.undo": _("Change of the policy taken back"),
    "layer.attention": _("Quiet hours changed"),
    "layer.masks": _("Policy of a type changed"),
    "type.add": _("Event type added"),
    "event.try_again": _("Event that was set aside tried again"),
    "event.discard": _("Event that was set aside discarded"),
    "connection.close": _("Connection closed"),
    "type.change": _("Event type changed"),
    "type.retire": _("Event type retired"),
    "type.use_again": _("Event type used again"),
    "announcement.send": _("Announcement sent or scheduled"),
    "announcement.correct": _("Announcement corrected"),
    "announcement.cancel": _("Scheduled announcement cancelled"),
    "announcement.withdraw": _("Announcement withdrawn"),
}
FIELDS = {
    "email": _("E-mail"),
    "name": _("Name"),
    "role": _("Role"),
    "branch": _("Branch"),
    "active": _("Active"),
    "administers": _("Administers"),
    "scopes": _("May"),
    "expires_at": _("Holds until"),
    "revoked": _("Revoked"),
    "audience": _("Audience"),
    "keys": _("Keys"),
    "title": _("Title"),
    "message": _("Message"),
    "icon": _("Icon"),
    "variant": _("Colour"),
    "priority": _("Priority"),
    "toast": _("Toast"),
    "sound": _("Sound"),
    "desktop": _("Desktop"),
    "sample": _("Data to try them with"),
    "people": _("People"),
    "deliver_at": _("Not before"),
    "min_priority": _("Lowest priority"),
    "quiet": _("Quiet hours"),
    "quiet_from": _("From"),
    "quiet_to": _("To"),
    "work_days": _("Work days"),
    "urgent_breaks_through": _("What is urgent breaks through"),
    "time_zone": _("Time zone"),
    "locale": _("Language"),
    "retention_days": _("Keep notifications for"),
    "keep_unread": _("Keep what nobody has read"),
    "most_connections": _("Open connections"),
    "most_latency": _("Time from event to bell"),
    "most_errors": _("Requests that fail"),
    "most_reconnections": _("Connections that come back"),
    "unanswered_after": _("Conversation unanswered for"),
    "hot_lead_score": _("Hot lead from a score of"),
    "follow_up_after": _("Follow-up due after"),
    "slow_response": _("Answers are slow beyond"),
    "most_unanswered": _("Unanswered by one seller, at most"),
    "least_conversion": _("Conversion of a seller, at least"),
    "conversion_counts_from": _("Conversion counts beyond"),
}
VALUES = {
    "scopes": {
        "publish": _("Publish"),
        "read": _("Read"),
        "impersonate": _("Act for people"),
    },
    "min_priority": PRIORITIES,
    "priority": PRIORITIES,
    "variant": VARIANTS,
}
"""Of fields that have a few."""
ABOUT = ("email", "name", "role", "type", "key", "user")
"""Where a row says what it is about, the best name first."""


class Change(NamedTuple):
    """One field of a row: what it was, what it is; None: nothing."""

    field: str
    before: Any
    after: Any


class Told(NamedTuple):
    """A row of the audit for people."""

    action: str
    about: str
    changes: list[Change]


def action_in_words(action: str) -> str:
    """`Role given` for `user.change_role`; one that has no words yet by its name."""
    return gettext(ACTIONS[action]) if action in ACTIONS else action


def actor_in_words(actor: str) -> str:
    """Who did it: a person's e-mail as it is, the command line in the reader's language."""
    return gettext("command line") if actor == "command line" else actor


def field_in_words(name: str) -> str:
    """As the form calls it; one that has no words yet by its name."""
    if " " in name:  # a cell of the policy
        return audited_cell(name)
    plain, _gap, locale = name.rpartition("_")
    if locale in LANGUAGE_NAMES and plain in FIELDS:
        return f"{gettext(FIELDS[plain])} ({LANGUAGE_NAMES[locale]})"
    return gettext(FIELDS[name]) if name in FIELDS else name


def value_in_words(field: str, value: Any) -> str:
    """What a field held, as people read it; nothing for nothing."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(value_in_words(field, one) for one in value)
    if value in (None, ""):
        return ""
    if " " in field:
        return audited_state(str(value))
    if field == "work_days" and isinstance(value, int):
        return days_in_words(value)
    if field == "expires_at":
        return _moment(str(value))
    words = VALUES.get(field, {})
    return gettext(words[value]) if value in words else str(value)


def in_words(row: Any) -> Told:
    """What a row (action, detail) says."""
    detail = row["detail"] if isinstance(row["detail"], dict) else {}
    about = next((str(detail[name]) for name in ABOUT if detail.get(name)), "")
    return Told(action_in_words(row["action"]), about, _changes(detail))


def _changes(detail: dict[str, Any]) -> list[Change]:
    before, after = (
        part if isinstance(part, dict) else {}
        for part in (detail.get("before"), detail.get("after"))
    )
    names = sorted({**before, **after}, key=_place)
    return [Change(name, before.get(name), after.get(name)) for name in names]


def _place(field: str) -> int:
    """Fields come in the order in which forms have them; what is unknown here comes last."""
    return list(FIELDS).index(field) if field in FIELDS else len(FIELDS)


def _moment(text: str) -> str:
    try:
        return i18n.date_and_time(dt.datetime.fromisoformat(text))
    except ValueError:
        return text
