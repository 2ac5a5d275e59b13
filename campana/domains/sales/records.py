"""Sales as they are kept: one, a page of all, a seller's own of today.

An administrator sees every sale of the tenant, everybody else the own ones; what somebody may
not see is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from asyncpg import Record

from campana.db import Tx
from campana.domains.sales.drafts import MOST_ITEMS, Item
from campana.errors import NotFound
from campana.queries import queries
from campana.users import Person

PAGE_SIZE = 30
NEWEST = 2**31 - 1
"""A `before` above every number."""
ITEMS_SHOWN = 4
"""How many items of a sale a page brings along, so that it can tell of three and more."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale. status: pending, then paid or cancelled for good. source: staff or checkout."""

    id: UUID
    number: int
    customer: str
    total: Decimal
    currency: str
    status: str
    source: str
    reason: str | None
    version: int
    created_by: UUID
    seller: str
    created_at: datetime
    updated_at: datetime
    paid_at: datetime | None
    cancelled_at: datetime | None
    items: tuple[Item, ...] = ()

    @property
    def is_pending(self) -> bool:
        return self.status == "pending"


_COLUMNS = [field.name for field in fields(Sale) if field.name != "items"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some sales, newest first. older: the `before` to go on with, None at the end."""

    rows: list[Sale]
    older: int | None


async def one(tx: Tx, person: Person, sale_id: UUID) -> Sale:
    """A sale with all its items; NotFound unless this person may see it."""
    row = await queries.sales.one(
        tx,
        tenant=person.tenant_id,
        id=sale_id,
        reader=person.id,
        everybodys=person.administers,
    )
    if row is None:
        raise NotFound("There is no such sale.")
    [sale] = await _with_items(tx, person, [row], most=MOST_ITEMS)
    return sale


async def page(tx: Tx, person: Person, before: int = NEWEST) -> Page:
    """The newest sales of the tenant with a number below `before`; for administrators."""
    found = queries.sales.page(tx, tenant=person.tenant_id, before=before, limit=PAGE_SIZE + 1)
    return await _page(tx, person, found)


async def todays_own(tx: Tx, person: Person, before: int = NEWEST) -> Page:
    """What this person sold since midnight, by the person's own clock."""
    found = queries.sales.todays_own(
        tx,
        tenant=person.tenant_id,
        reader=person.id,
        time_zone=person.time_zone,
        before=before,
        limit=PAGE_SIZE + 1,
    )
    return await _page(tx, person, found)


async def _page(tx: Tx, person: Person, found: AsyncIterator[Record]) -> Page:
    """One row more than a page holds tells whether there are older ones."""
    records = [record async for record in found]
    rows = await _with_items(tx, person, records[:PAGE_SIZE], most=ITEMS_SHOWN)
    return Page(rows, rows[-1].number if len(records) > PAGE_SIZE else None)


async def _with_items(tx: Tx, person: Person, rows: list[Record], most: int) -> list[Sale]:
    items: defaultdict[UUID, list[Item]] = defaultdict(list)
    ids = [row["id"] for row in rows]
    found: Any = queries.sales.items(tx, tenant=person.tenant_id, sales=ids, most=most)
    async for row in found:
        items[row["sale_id"]].append(Item(row["product"], row["quantity"], row["price"]))
    return [_sale(row, tuple(items[row["id"]])) for row in rows]


def _sale(row: Record, items: tuple[Item, ...]) -> Sale:
    return Sale(**{name: row[name] for name in _COLUMNS}, items=items)
