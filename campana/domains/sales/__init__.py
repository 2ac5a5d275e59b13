"""Sales: made by staff or at the shop's checkout, paid or cancelled, told to the administrators.

Every verb takes the caller's transaction and publishes inside it. What is typed becomes a Draft
in drafts.py; what is kept is read in records.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from campana.db import Tx
from campana.domains.sales.drafts import Draft, checked_reason
from campana.domains.sales.records import Page, Sale, one, page, todays_own
from campana.errors import Conflict
from campana.events import Event, SaleCancelled, SaleCreated, SaleUpdated
from campana.i18n import gettext as _
from campana.publish import publish
from campana.queries import queries
from campana.users import Person

__all__ = [
    "Done",
    "Page",
    "Sale",
    "cancel",
    "check_out",
    "confirm_payment",
    "create",
    "one",
    "page",
    "todays_own",
    "update",
]


@dataclass(frozen=True, slots=True)
class Done:
    """The sale as it is now. changed: by this call; False when it was so already."""

    sale: Sale
    changed: bool


async def create(tx: Tx, person: Person, draft: Draft) -> Done:
    """A sale at the counter, entered by `person`.

    The same form again (draft.token) gives the same sale and publishes nothing; Conflict when
    something else was in it.
    """
    return await _add(tx, person, draft, source="staff", stage="created")


async def check_out(tx: Tx, person: Person, draft: Draft) -> Done:
    """What a customer buys in the shop, where `person` is signed in. Otherwise as `create`."""
    return await _add(tx, person, draft, source="checkout", stage="checkout")


async def confirm_payment(tx: Tx, person: Person, sale_id: UUID) -> Done:
    """A pending sale is paid. Paid already is no mistake: whoever asks wants it paid, and it is.

    Conflict for a cancelled sale, NotFound for one that this person may not see.
    """
    await one(tx, person, sale_id)
    changed = bool(await queries.sales.pay(tx, tenant=person.tenant_id, id=sale_id))
    sale = await one(tx, person, sale_id)
    if changed:
        await _tell(tx, person, SaleCreated, sale, "paid")
    elif sale.status != "paid":
        raise Conflict(_("This sale has been cancelled."), field="status")
    return Done(sale, changed)


async def cancel(tx: Tx, person: Person, sale_id: UUID, reason: str | None = None) -> Done:
    """A pending sale is off, with up to 200 characters of reason. Cancelled already is no mistake.

    Conflict for a paid sale: money went over the counter. Invalid for the reason, NotFound as
    above.
    """
    await one(tx, person, sale_id)
    reason = checked_reason(reason)
    changed = bool(
        await queries.sales.cancel(tx, tenant=person.tenant_id, id=sale_id, reason=reason)
    )
    sale = await one(tx, person, sale_id)
    if changed:
        await _tell(tx, person, SaleCancelled, sale, "cancelled", reason=reason)
    elif sale.status != "cancelled":
        raise Conflict(_("This sale has been paid."), field="status")
    return Done(sale, changed)


async def update(tx: Tx, person: Person, sale_id: UUID, draft: Draft, version: int) -> Done:
    """A pending sale gets other words, items or amounts; `version` is the one that was looked at.

    Nothing different is no change. Conflict when somebody changed it meanwhile or it is not
    pending, NotFound as above.
    """
    before = await one(tx, person, sale_id)
    if _draft_of(before).digest == draft.digest:
        return Done(before, changed=False)
    changed = await queries.sales.change(
        tx,
        tenant=person.tenant_id,
        id=sale_id,
        version=version,
        customer=draft.customer,
        total=draft.total,
        currency=draft.currency,
        **draft.columns,
    )
    sale = await one(tx, person, sale_id)
    if not changed:
        return _unless_different(sale, draft)
    await _tell(tx, person, SaleUpdated, sale, "updated", changes=_changes(before, sale))
    return Done(sale, changed=True)


async def _add(tx: Tx, person: Person, draft: Draft, *, source: str, stage: str) -> Done:
    await queries.sales.lock_counter(tx, tenant=person.tenant_id)
    if earlier := await _sent_before(tx, person, draft):
        return Done(earlier, changed=False)
    sale_id = await queries.sales.add(
        tx,
        tenant=person.tenant_id,
        seller=person.id,
        source=source,
        customer=draft.customer,
        total=draft.total,
        currency=draft.currency,
        token=draft.token,
        digest=draft.digest,
        **draft.columns,
    )
    sale = await one(tx, person, sale_id)
    await _tell(tx, person, SaleCreated, sale, stage)
    return Done(sale, changed=True)


async def _sent_before(tx: Tx, person: Person, draft: Draft) -> Sale | None:
    if draft.token is None:
        return None
    row = await queries.sales.sent_before(
        tx, tenant=person.tenant_id, seller=person.id, token=draft.token
    )
    if row is None:
        return None
    sale = await one(tx, person, row["id"])
    if row["form_digest"] != draft.digest:
        said = {"number": sale.number}
        raise Conflict(
            _("This form became sale %(number)s already. Send it again for another one.") % said,
            field="token",
        )
    return sale


async def _tell(
    tx: Tx, person: Person, kind: type[Event], sale: Sale, stage: str, **more: Any
) -> None:
    """Publishes for administrators and who follows the sale: each stage of a version once."""
    version = f":{sale.version}" if kind is SaleUpdated else ""
    event = kind(
        audience=await _audience(tx, person, sale, stage),
        actor=str(person.id),
        subject=f"sale:{sale.id}",
        url=f"/sales/{sale.id}",
        dedupe_key=f"sale:{sale.id}:{stage}{version}",
        data=_facts(sale) | {"stage": stage} | more,
        actions=_actions(kind, sale),
    )
    await publish(tx, event)


async def _audience(tx: Tx, person: Person, sale: Sale, stage: str) -> str:
    """Nobody can follow yet what has just been made."""
    administrators: str = await queries.sales.administrators(tx, tenant=person.tenant_id)
    is_new = stage in ("created", "checkout")
    return administrators if is_new else f"{administrators} | topic:sale:{sale.id}"


def _actions(kind: type[Event], sale: Sale) -> list[dict[str, Any]] | None:
    """What a new sale that is not paid asks for; the others only lead to it."""
    if kind is not SaleCreated or not sale.is_pending:
        return None
    path = f"/sales/{sale.id}"
    pay = {"name": "confirm_payment", "method": "post", "url": f"{path}/payment"}
    return [pay | {"variant": "primary"}, {"name": "view_sale", "url": path}]


def _facts(sale: Sale) -> dict[str, Any]:
    return {
        "saleId": str(sale.id),
        "number": sale.number,
        "customer": sale.customer,
        "total": float(sale.total),  # twelve digits: exact in JSON
        "currency": sale.currency,
        "status": sale.status,
    }


def _draft_of(sale: Sale) -> Draft:
    return Draft(sale.customer, sale.total, sale.currency, sale.items)


def _changes(before: Sale, after: Sale) -> list[str]:
    names = ("customer", "total", "currency", "items")
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _unless_different(sale: Sale, draft: Draft) -> Done:
    """Two senders of one and the same change both have what they want."""
    if _draft_of(sale).digest == draft.digest:
        return Done(sale, changed=False)
    if sale.is_pending:
        raise Conflict(
            _("Somebody changed this sale meanwhile. Saved again, yours counts."), field="version"
        )
    raise Conflict(_("This sale is paid or cancelled and stays as it is."), field="status")
