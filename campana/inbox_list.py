"""What is in a reader's inbox, newest first.

Pages by number for A16, by cursor (a seq) for going on. Work is bounded: a filter examines so
many of the newest rows at a time, and a page says where the next look should begin. Words are
looked for in the newest rows first, then by index (sql/functions/052_search.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from campana import inbox
from campana.db import Tx
from campana.queries import queries
from campana.users import Person
from campana.words import actions_for, words_for

NEWEST = 2**63 - 1
"""A `before` above every seq."""
COUNTED = 10_000
"""Where the count of visible notifications stops."""
FILTER_COUNTED = 1_000
"""Where the count of a filter's matches stops."""
NEAR_SPAN = 500
"""How many of the newest a look for words examines before it asks the index."""
KNOWN = 1_000
"""The most events that the index may name; where more say it, FAR_SPAN are looked through."""
FAR_SPAN = 2_000
"""How many notifications one long look for words examines."""
KIND_SPAN = 5_000
"""How many a look for a type or a priority does."""
KINDS_SPAN = 500
"""How many of the newest are asked for their types."""

VISIBLE, DELETED = (0, 1), 2
"""States of a row."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One row of an inbox, in its reader's words. actor_name: who did it, if that is known."""

    id: UUID
    seq: int
    type: str
    title: str
    message: str
    priority: str
    variant: str
    data: dict[str, Any]
    actions: list[dict[str, Any]]
    url: str | None
    created_at: datetime
    read_at: datetime | None
    reason: str
    subject: str | None
    actor_name: str | None = None
    icon: str | None = None  # of a tenant's own type
    is_deleted: bool = False
    is_muted: bool = False  # its reader wants no noise about the subject

    @property
    def is_read(self) -> bool:
        return self.read_at is not None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which notifications to list. text: words of title, message or who did it, the last one begun.

    deleted: those that can be restored, instead of those that are there.
    """

    unread: bool = False
    type: str | None = None
    priority: str | None = None
    text: str | None = None
    deleted: bool = False

    @property
    def is_look(self) -> bool:
        """Whether it takes a look through rows: the others are answered from what is counted."""
        return self.deleted or bool(self.text or self.type or self.priority)


@dataclass(frozen=True, slots=True)
class Page:
    """Some notifications. older: the seq to go on from, None at the end.

    total: how many there are, None when going on by cursor (then nothing is counted).
    is_capped: counting stopped at `total`; there may be more.
    """

    rows: list[Notification]
    older: int | None
    total: int | None = None
    is_capped: bool = False


EVERYTHING = Filter()


async def page(
    tx: Tx, person: Person, only: Filter = EVERYTHING, *, number: int = 1, limit: int = 20
) -> Page:
    """The `number`-th page (from 1) of `limit` notifications, and how many there are."""
    skip = (number - 1) * limit
    if only.is_look:
        return await _search(tx, person, only, limit, skip=skip, counts=True)
    found = await _list(tx, person, only, limit, skip=skip)
    if number == 1 and found.older is None:
        return Page(found.rows, None, len(found.rows))
    if only.unread:
        return Page(found.rows, found.older, (await inbox.head(tx, person)).unread)
    total = await queries.inbox_list.count_visible(
        tx, tenant=person.tenant_id, reader=person.id, cap=COUNTED + 1
    )
    return Page(found.rows, found.older, min(total, COUNTED), total > COUNTED)


async def older_than(
    tx: Tx, person: Person, before: int, only: Filter = EVERYTHING, *, limit: int = 20
) -> Page:
    """The next `limit` below seq `before`. A filter may show fewer, even none, and still go on."""
    if not only.is_look:
        return await _list(tx, person, only, limit, before=before)
    found = await _search(tx, person, only, limit, before=before)
    return Page(found.rows, found.older)


async def one(tx: Tx, person: Person, notification_id: UUID) -> Notification | None:
    """A notification that is not deleted or expired."""
    rows = await some(tx, person, [notification_id])
    return rows[0] if rows and not rows[0].is_deleted else None


async def some(tx: Tx, person: Person, ids: Sequence[UUID]) -> list[Notification]:
    """These, newest first, deleted ones too; not those that expired or are not there."""
    found = queries.inbox_list.some(tx, tenant=person.tenant_id, reader=person.id, ids=ids)
    return [
        _notification(row, person) async for row in found if row["state"] in (*VISIBLE, DELETED)
    ]


async def kinds(tx: Tx, person: Person) -> tuple[list[str], list[str]]:
    """The event types and priorities that this inbox knows lately, sorted by name."""
    row = await anext(
        queries.inbox_list.kinds(
            tx, tenant=person.tenant_id, reader=person.id, before=NEWEST, span=KINDS_SPAN
        )
    )
    return row["types"] or [], row["priorities"] or []


async def _list(
    tx: Tx, person: Person, only: Filter, limit: int, *, before: int = NEWEST, skip: int = 0
) -> Page:
    """One row more than asked for tells whether there are older ones."""
    records = [
        record
        async for record in queries.inbox_list.page(
            tx,
            tenant=person.tenant_id,
            reader=person.id,
            before=before,
            unread=only.unread,
            span=limit + 1,
            skip=skip,
        )
    ]
    rows = [_notification(record, person) for record in records[:limit]]
    return Page(rows, rows[-1].seq if len(records) > limit else None)


async def _search(
    tx: Tx,
    person: Person,
    only: Filter,
    limit: int,
    *,
    before: int = NEWEST,
    skip: int = 0,
    counts: bool = False,
) -> Page:
    """counts: whether to look on for the total when the page is full already; words never do."""
    near, far = NEAR_SPAN, FAR_SPAN if only.text else KIND_SPAN
    if counts and not only.text:
        near, far = KIND_SPAN, 0
    records = [
        record
        async for record in queries.inbox_list.search(
            tx,
            tenant=person.tenant_id,
            reader=person.id,
            locale=person.locale,
            before=before,
            unread=only.unread,
            deleted=only.deleted,
            type=only.type,
            priority=only.priority,
            text=only.text,
            near=near,
            far=far,
            known=KNOWN,
            limit=limit,
            skip=skip,
        )
    ]
    matches, looked_to = records[0]["total"], records[0]["looked_to"]
    rows = [_notification(record, person) for record in records if record["id"]]
    older = rows[-1].seq if rows and skip + len(rows) < matches else looked_to
    is_capped = matches > FILTER_COUNTED or looked_to is not None
    return Page(rows, older, min(matches, FILTER_COUNTED), is_capped)


def _notification(row: Record, person: Person) -> Notification:
    said = words_for(row["words"], person.locale)
    return Notification(
        id=row["id"],
        seq=row["seq"],
        type=row["type"],
        title=said.get("title") or "",
        message=said.get("message") or "",
        priority=row["priority"],
        variant=row["variant"],
        data=row["data"],
        actions=actions_for(row["actions"], person.locale),
        url=said.get("url") or row["url"],
        created_at=row["published_at"],
        read_at=row["read_at"],
        reason=row["reason"],
        subject=row["subject"],
        actor_name=row["actor_name"],
        icon=said.get("icon"),
        is_deleted=row["state"] == DELETED,
        is_muted=row["is_muted"],
    )
