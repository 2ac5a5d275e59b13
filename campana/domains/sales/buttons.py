"""What notifications of sales offer to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from campana.db import Tx
from campana.domains import sales
from campana.i18n import gettext as _
from campana.offers import Outcome, offer
from campana.queries import queries
from campana.users import Person


async def _pending(tx: Tx, person: Person, ids: Sequence[UUID]) -> set[UUID]:
    found: Any = queries.sales.pending(
        tx, tenant=person.tenant_id, reader=person.id, everybodys=person.administers, ids=ids
    )
    return {row["id"] async for row in found}


@offer("/sales/{id}/payment", module="sales", still_open=_pending)
async def confirm_payment(tx: Tx, person: Person, sale_id: UUID) -> Outcome:
    """Confirms the payment of a sale: for administrators, and for who made it."""
    done = await sales.confirm_payment(tx, person, sale_id)
    said = _("Payment confirmed") if done.changed else _("Sale %(number)s was paid already.")
    return Outcome(said % {"number": done.sale.number}, done.changed)
