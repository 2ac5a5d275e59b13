"""`topic:sale:<id>`: whoever may see a sale may follow it."""

from __future__ import annotations

from uuid import UUID

from campana.db import Tx
from campana.domains.sales.records import one
from campana.errors import NotFound
from campana.topics import topic
from campana.users import Person


@topic("sale", module="sales")
async def may_follow(tx: Tx, person: Person, sale_id: str) -> bool:
    """Administrators every sale, everybody else the own ones."""
    try:
        sale = await one(tx, person, UUID(sale_id))
    except (NotFound, ValueError):
        return False
    return sale_id == str(sale.id)  # written otherwise, it is a topic that no event names
