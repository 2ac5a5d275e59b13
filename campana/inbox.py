"""A reader's inbox: its counters, and what its reader does with it.

Every change locks the head, so the badge cannot drift (sql/functions/050_inbox.sql).
`apply` is the door for handlers: it runs one change and tells the reader's other devices.
What is in the inbox: inbox_list.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from campana import signals
from campana.db import Database, Tx
from campana.queries import queries
from campana.users import Person

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

UNVISITED_COUNTED = 100
"""Where the count of what is new on a page stops."""
UNVISITED_SPAN = 1_000
"""How many of the newest notifications it looks at."""


@dataclass(frozen=True, slots=True)
class Head:
    """Counters of an inbox.

    seq: the newest given. unread: the badge. rev: raised by reads and deletions.
    floor: a cursor below it has missed something.
    """

    seq: int = 0
    unread: int = 0
    rev: int = 0
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a change did: the new badge and rev, how many rows it touched, the signal it left.

    seqs: of read_all and clear, what takes back exactly that; '' where it is too scattered.
    """

    unread: int
    rev: int
    changed: int
    signal_id: int | None
    seqs: str = ""


class Verb(Protocol[T_contra]):
    """What `apply` runs: read, unread, delete, restore, and the same of all."""

    def __call__(self, tx: Tx, person: Person, what: T_contra, /) -> Awaitable[Change]: ...


async def apply(db: Database, person: Person, change: Verb[T], what: T) -> Change:
    """Run one change in its own transaction and hint at it: `apply(db, person, read, [id])`."""
    async with db.tenant(person.tenant_id, person.id) as tx:
        done = await change(tx, person, what)
    if done.signal_id is not None:
        await signals.hint(db, person.tenant_id, users=[person.id], signals=[done.signal_id])
    return done


async def read(tx: Tx, person: Person, ids: Sequence[UUID]) -> Change:
    """Mark as read. SQLSTATE CA009, and nothing changed, unless all are in this inbox."""
    return await _change(queries.inbox.read, tx, person, ids=ids)


async def unread(tx: Tx, person: Person, ids: Sequence[UUID]) -> Change:
    """Mark as not read after all. CA009 as in `read`."""
    return await _change(queries.inbox.unread, tx, person, ids=ids)


async def delete(tx: Tx, person: Person, ids: Sequence[UUID]) -> Change:
    """Take out of sight. CA009 as in `read`."""
    return await _change(queries.inbox.delete, tx, person, ids=ids)


async def restore(tx: Tx, person: Person, ids: Sequence[UUID]) -> Change:
    """Take deletion back, except for what expired meanwhile. CA009 as in `read`."""
    return await _change(queries.inbox.restore, tx, person, ids=ids)


async def read_all(tx: Tx, person: Person, up_to: int | None = None) -> Change:
    """Mark everything up to seq `up_to` as read (None: all until now). CA005 beyond the head."""
    return await _change(queries.inbox.read_all, tx, person, up_to=up_to)


async def clear(tx: Tx, person: Person, up_to: int | None = None) -> Change:
    """Take everything up to seq `up_to` out of sight (None: all until now). CA005 as above."""
    return await _change(queries.inbox.clear, tx, person, up_to=up_to)


async def unread_all(tx: Tx, person: Person, seqs: str) -> Change:
    """Take a read_all back, by its `Change.seqs`. SQLSTATE 22P02 for anything else."""
    return await _change(queries.inbox.unread_all, tx, person, seqs=seqs)


async def restore_all(tx: Tx, person: Person, seqs: str) -> Change:
    """Take a clear back, as above."""
    return await _change(queries.inbox.restore_all, tx, person, seqs=seqs)


async def head(tx: Tx, person: Person) -> Head:
    """The counters. Ask before the rows they go with: a cursor may be too old, never too new."""
    row = await queries.inbox.head(tx, **_whose(person))
    return Head(**row) if row else Head()


async def look_at(db: Database, person: Person, page: str) -> None:
    """The reader looks at `page`: what was new on it is not any more, on all devices."""
    async with db.tenant(person.tenant_id, person.id) as tx:
        signal_id = await visit(tx, person, page)
    if signal_id is not None:
        await signals.hint(db, person.tenant_id, users=[person.id], signals=[signal_id])


async def visit(tx: Tx, person: Person, page: str) -> int | None:
    """Remember that the reader looks at `page` now: `unvisited` counts from here.

    Returns the signal `visited` {page} to hint at; None when nothing has come since the last visit.
    """
    signal_id: int | None = await queries.inbox.visit(tx, **_whose(person), page=page)
    return signal_id


async def unvisited(tx: Tx, person: Person, page: str, event_type: str) -> int:
    """How many subjects of this type are new since the last visit; at most 100."""
    count: int = await queries.inbox.unvisited(
        tx, **_whose(person), page=page, type=event_type, span=UNVISITED_SPAN, cap=UNVISITED_COUNTED
    )
    return count


async def _change(query: Callable[..., Any], tx: Tx, person: Person, **what: Any) -> Change:
    return Change(**await query(tx, **_whose(person), **what))


def _whose(person: Person) -> dict[str, UUID]:
    return {"tenant": person.tenant_id, "reader": person.id}
