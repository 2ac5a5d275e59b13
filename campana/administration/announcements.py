"""Announcements: written, scheduled, sent, and taken back or corrected where they have arrived.

An announcement is an event of type announcement:published; its id is the event's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from campana import audit, corrections
from campana.administration import audiences, tenant_settings
from campana.errors import Conflict, Invalid, NotFound, from_postgres
from campana.events import PRIORITIES, AnnouncementPublished
from campana.i18n import LOCALES
from campana.i18n import gettext as _
from campana.publish import publish
from campana.queries import queries
from campana.words import words_of

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

PAGE = 10
LONGEST_TITLE, LONGEST_MESSAGE = 200, 4000
FURTHEST = timedelta(days=400)
"""How far ahead publish_event() takes an event."""
AT_ONCE = 0.3
"""Seconds that a request works at inboxes itself; the clock does the rest."""

Texts = Mapping[str, Mapping[str, str]]
"""{"<locale>": {"title", "message"}}; "" holds for every locale."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An announcement before it is sent. deliver_at: None at once."""

    words: Texts
    audience: str
    priority: str = "medium"
    deliver_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as campana.announcements() gives them, newest first. older: `before` to go on."""

    rows: list[Any]
    older: UUID | None


async def send(db: Database, me: Person, draft: Draft) -> UUID:
    """Publishes it, now or when it is due; its id. Invalid, naming every field."""
    _check(draft)
    async with db.tenant(me.tenant_id, me.id) as tx:
        people, _names = await audiences.named(tx, me.tenant_id, draft.audience, without=me.id)
        if not people:
            raise Invalid(_("This is for nobody but you."), field="audience")
        event = AnnouncementPublished(
            audience=draft.audience,
            **_said(draft.words),
            priority=draft.priority,
            actor=str(me.id),
            deliver_at=draft.deliver_at,
        )
        announcement = await publish(tx, event)
        await queries.announcements.add(
            tx,
            tenant=me.tenant_id,
            id=announcement,
            words=draft.words,
            audience=draft.audience,
            priority=draft.priority,
            people=people,
            deliver_at=draft.deliver_at,
            author=me.id,
        )
        after = {"audience": draft.audience, "people": people, **_shown(draft.words)}
        if draft.deliver_at:
            after["deliver_at"] = draft.deliver_at.isoformat()
        await _record(tx, me, "announcement.send", announcement, draft.words, after=after)
    return announcement


async def page(tx: Tx, tenant_id: UUID, before: UUID | None) -> Page:
    """At most PAGE of them."""
    rows = [
        row
        async for row in queries.announcements.page(
            tx, tenant=tenant_id, before=before, limit=PAGE + 1
        )
    ]
    return Page(rows[:PAGE], rows[PAGE - 1]["id"] if len(rows) > PAGE else None)


async def one(tx: Tx, tenant_id: UUID, announcement: UUID) -> Any:
    """A row with how many have read it; NotFound."""
    row = await queries.announcements.one(tx, tenant=tenant_id, id=announcement)
    if row is None:
        raise NotFound("There is no such announcement.")
    return row


async def correct(db: Database, me: Person, announcement: UUID, words: Texts) -> bool:
    """Other words, in inboxes that it has reached too; whether all are changed already.

    NotFound; Conflict when it was taken back, or is being changed; Invalid.
    """
    _check_words(words)
    said = _said(words)
    async with db.tenant(me.tenant_id, me.id) as tx:
        row = await one(tx, me.tenant_id, announcement)
        event = {"type": AnnouncementPublished.type, "url": None, "subject": None, **said}
        zone = (await tenant_settings.read(tx, me.tenant_id)).time_zone
        try:
            await queries.announcements.correct(
                tx,
                tenant=me.tenant_id,
                id=announcement,
                words=words,
                **said,
                said=words_of(event, LOCALES, zone, me.name),
            )
        except asyncpg.PostgresError as error:
            raise _in_words(error) from None
        before, after = _shown(row["words"]), _shown(words)
        await _record(
            tx, me, "announcement.correct", announcement, words, before=before, after=after
        )
    return await corrections.proceed(db, me.tenant_id, announcement, AT_ONCE)


async def withdraw(db: Database, me: Person, announcement: UUID) -> bool:
    """Cancels what is scheduled, stops what is being sent, and takes what has arrived out of every
    inbox; whether that is done already. NotFound; Conflict when it was taken back before."""
    async with db.tenant(me.tenant_id, me.id) as tx:
        row = await one(tx, me.tenant_id, announcement)
        try:
            arrived = await queries.announcements.withdraw(tx, tenant=me.tenant_id, id=announcement)
        except asyncpg.PostgresError as error:
            raise _in_words(error) from None
        action = "announcement.withdraw" if arrived else "announcement.cancel"
        await _record(tx, me, action, announcement, row["words"], before=_shown(row["words"]))
    if not arrived:
        return True
    return await corrections.proceed(db, me.tenant_id, announcement, AT_ONCE)


async def _record(
    tx: Tx,
    me: Person,
    action: str,
    announcement: UUID,
    words: Texts,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    await audit.record(
        tx,
        me.tenant_id,
        me.actor,
        action,
        before=before,
        after=after,
        name=next(iter(words.values()))["title"],
        announcement=announcement,
    )


def _said(words: Texts) -> dict[str, Any]:
    """What publish_event() is given: a title of the publisher's wins in every language, so words
    in several travel in the data, where templates/messages finds them."""
    if "" in words:
        return {"title": words[""]["title"], "message": words[""]["message"], "data": {}}
    return {"title": None, "message": None, "data": {"words": words}}


def _shown(words: Texts) -> dict[str, str]:
    """For the audit."""
    several = len(words) > 1
    return {
        f"{field}_{locale}" if several else field: said[field]
        for locale, said in words.items()
        for field in ("title", "message")
        if said.get(field)
    }


def _check(draft: Draft) -> None:
    faults = _faults(draft.words)
    if draft.priority not in PRIORITIES:
        faults.append(("priority", _("Choose one of these.")))
    if not draft.audience.strip():
        faults.append(("audience", _("Say whom it is for, such as all or role:ADMIN.")))
    if draft.deliver_at and draft.deliver_at <= datetime.now(UTC):
        faults.append(("deliver_at", _("This time has passed.")))
    elif draft.deliver_at and draft.deliver_at > datetime.now(UTC) + FURTHEST:
        faults.append(("deliver_at", _("At most 400 days ahead.")))
    _refuse(faults)


def _check_words(words: Texts) -> None:
    _refuse(_faults(words))


def _faults(words: Texts) -> list[tuple[str, str]]:
    faults = []
    for locale, said in words.items():
        end = f"_{locale}" if locale else ""
        if not 1 <= len(said["title"].strip()) <= LONGEST_TITLE:
            faults.append((f"title{end}", _("A title has 1 to 200 characters.")))
        if len(said["message"]) > LONGEST_MESSAGE:
            faults.append((f"message{end}", _("A message has at most 4,000 characters.")))
    return faults


def _refuse(faults: list[tuple[str, str]]) -> None:
    if faults:
        raise Invalid.by_field(faults)


def _in_words(error: asyncpg.PostgresError) -> BaseException:
    """What SQL refuses, in the language of the page."""
    known = from_postgres(error)
    if isinstance(known, Conflict):
        return Conflict(_("It was taken back or is being changed. Look again in a moment."))
    return known or error
