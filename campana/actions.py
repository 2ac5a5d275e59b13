"""Pressing a button of a notification, and which of its buttons still make sense.

Found through its reader: the notification first, then the verb with the reader's own rights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from campana import inbox, inbox_list, offers
from campana.db import Database, Tx
from campana.domains.sales import buttons as _sales_buttons
from campana.errors import Conflict, Forbidden, Invalid, NotFound
from campana.i18n import gettext as _
from campana.inbox_list import Notification
from campana.offers import Offer, Outcome
from campana.users import Person

Action = dict[str, Any]

OFFERED_BY = (_sales_buttons,)
"""Businesses whose notifications have buttons: importing them makes their offers known."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What became of it, and the notification with what it still offers."""

    outcome: Outcome
    notification: Notification


async def press(db: Database, person: Person, notification_id: UUID, name: str) -> Pressed:
    """Does what the action says and marks the notification as read.

    What cannot be done, or was done already, is an outcome that changed nothing. NotFound when the
    notification is not there (any more) or has no such button.
    """
    async with db.tenant(person.tenant_id, person.id) as tx:
        found = await inbox_list.one(tx, person, notification_id)
        offer, subject = _offer(found, name)
        assert found is not None
        outcome = await _outcome(tx, person, offer, subject)
    await inbox.apply(db, person, inbox.read, [notification_id])
    async with db.tenant(person.tenant_id, person.id) as tx:
        [left] = await still_offered(tx, person, [found])
    return Pressed(outcome, left)


async def still_offered(tx: Tx, person: Person, rows: Sequence[Notification]) -> list[Notification]:
    """The same notifications without buttons that would change nothing any more. One question
    for each verb that occurs."""
    wanted: dict[Offer, set[UUID]] = defaultdict(set)
    for found in filter(None, (_offer_of(action) for row in rows for action in row.actions)):
        wanted[found[0]].add(found[1])
    open_now = {
        offer: await offer.still_open(tx, person, list(subjects))
        for offer, subjects in wanted.items()
        if offer.module in person.modules
    }

    def makes_sense(action: Action) -> bool:
        found = _offer_of(action)
        return not is_verb(action) or bool(found and found[1] in open_now.get(found[0], ()))

    return [replace(row, actions=[*filter(makes_sense, row.actions)]) for row in rows]


def offered() -> list[tuple[str, offers.Verb]]:
    """Every path that is offered, and what it does."""
    return [(offer.path, offer.verb) for offer in offers.known()]


def is_verb(action: Action) -> bool:
    """Whether it does something, instead of leading somewhere."""
    return action.get("method") == "post"


def _offer_of(action: Action) -> tuple[Offer, UUID] | None:
    return offers.find(action.get("url")) if is_verb(action) else None


def _offer(found: Notification | None, name: str) -> tuple[Offer, UUID]:
    named = [action for action in found.actions if action["name"] == name] if found else []
    offered = _offer_of(named[0]) if named else None
    if offered is None:
        raise NotFound("There is no such notification, or no such button on it.")
    return offered


async def _outcome(tx: Tx, person: Person, offer: Offer, subject: UUID) -> Outcome:
    """Refused is a fact to be told: the world has moved on since the notification came."""
    try:
        if offer.module not in person.modules:
            raise NotFound
        async with tx.transaction():
            return await offer.verb(tx, person, subject)
    except (Conflict, Invalid) as fact:
        return Outcome(str(fact), changed=False)
    except (NotFound, Forbidden):
        return Outcome(_("It is no longer there, or no longer yours to change."), changed=False)
