"""Sales: what becomes of them, and who hears of it how often."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

from campana import inbox, inbox_list
from campana.domains import sales
from campana.domains.sales.drafts import Typed, TypedItem, checked
from campana.domains.sales.records import PAGE_SIZE
from campana.errors import Conflict, Invalid, NotFound
from tests.post import deliver


@pytest.fixture
def do(db):
    """`await do(sales.create, who, …)`: one verb in its own transaction."""

    async def do(verb, who, *args):
        async with db.tenant(who.tenant_id, who.id) as tx:
            return await verb(tx, who, *args)

    return do


@pytest.fixture
def hear(db):
    """`await hear(who)`: everything in somebody's inbox, oldest first."""

    async def hear(who):
        await deliver(db)
        async with db.tenant(who.tenant_id, who.id) as tx:
            found = await inbox_list.page(tx, who, limit=100)
        return found.rows[::-1]

    return hear


def sold(customer="María López", total="12.50", **more):
    return checked(Typed(customer, total, **more))


async def published(owner):
    """Every event there is, dispatched or not."""
    rows = await owner.fetch(
        "select type from campana.outbox union all select type from campana.event"
    )
    return sorted(row["type"] for row in rows)


# -- who hears of it


async def test_a_sale_by_staff_rings_for_the_administrators_and_nobody_else(
    do, hear, ana, luis, rosa, eva
):
    done = await do(sales.create, luis, sold())

    assert done.changed
    [heard] = await hear(ana)
    assert heard.type == "sale:created"
    assert heard.subject == f"sale:{done.sale.id}"
    assert heard.url == f"/sales/{done.sale.id}"
    assert heard.reason == "role:ADMIN"
    assert "María López" in heard.message
    assert heard.data == {
        "saleId": str(done.sale.id),
        "number": 1,
        "customer": "María López",
        "total": 12.5,
        "currency": "USD",
        "stage": "created",
        "status": "pending",
    }
    assert [await hear(who) for who in (luis, rosa, eva)] == [[], [], []]


async def test_whoever_makes_it_is_not_told(do, hear, ana):
    await do(sales.create, ana, sold())
    assert await hear(ana) == []


async def test_roles_that_administer_are_data(do, hear, db, owner, luis, rosa):
    await owner.execute("update campana.role set administers = true where name = 'STAFF'")
    await do(sales.create, luis, sold())
    assert [one.type for one in await hear(rosa)] == ["sale:created"]


async def test_a_sale_rings_when_checked_out_and_when_paid_but_is_one_on_the_badge(
    do, hear, db, ana, luis
):
    done = await do(sales.check_out, luis, sold())
    await do(sales.confirm_payment, luis, done.sale.id)

    assert [one.data["stage"] for one in await hear(ana)] == ["checkout", "paid"]
    assert [one.data["status"] for one in await hear(ana)] == ["pending", "paid"]
    async with db.tenant(ana.tenant_id, ana.id) as tx:
        assert await inbox.unvisited(tx, ana, "sales", "sale:created") == 1
        assert (await inbox.head(tx, ana)).unread == 2


async def test_changes_and_cancellations_are_told_with_what_changed_and_why(do, hear, ana, luis):
    sale = (await do(sales.create, luis, sold())).sale
    await do(sales.update, luis, sale.id, sold("María Luz"), sale.version)
    await do(sales.cancel, luis, sale.id, " ya no  quiere ")

    _, updated, cancelled = await hear(ana)
    assert (updated.type, updated.data["changes"]) == ("sale:updated", ["customer"])
    assert (cancelled.type, cancelled.data["reason"]) == ("sale:cancelled", "ya no quiere")
    assert cancelled.data["status"] == "cancelled"


async def test_what_is_rolled_back_was_never_said(do, owner, luis):
    async def fail_afterwards(tx, who):
        await sales.create(tx, who, sold())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await do(fail_afterwards, luis)
    assert await published(owner) == []
    assert (await do(sales.create, luis, sold())).sale.number == 1, "no gap either"


# -- once


async def test_the_same_form_twice_at_once_is_one_sale(do, owner, luis):
    draft = sold(token=str(uuid4()))
    both = await asyncio.gather(*[do(sales.create, luis, draft) for _ in range(4)])

    assert len({done.sale.id for done in both}) == 1
    assert sorted(done.changed for done in both) == [False, False, False, True]
    assert await published(owner) == ["sale:created"]
    assert (await do(sales.create, luis, sold())).sale.number == 2


async def test_a_form_sent_again_with_something_else_in_it_is_refused(do, luis):
    token = str(uuid4())
    await do(sales.create, luis, sold(token=token))
    with pytest.raises(Conflict) as refused:
        await do(sales.create, luis, sold("Otra persona", token=token))
    assert refused.value.field == "token"


async def test_somebody_elses_form_of_that_name_is_another(do, luis, rosa):
    draft = sold(token=str(uuid4()))
    first, second = await do(sales.create, luis, draft), await do(sales.create, rosa, draft)
    assert (first.sale.number, second.sale.number) == (1, 2)


async def test_two_payments_at_once_are_one(do, owner, hear, ana, luis):
    sale = (await do(sales.create, luis, sold())).sale
    both = await asyncio.gather(
        do(sales.confirm_payment, ana, sale.id), do(sales.confirm_payment, luis, sale.id)
    )
    assert sorted(done.changed for done in both) == [False, True]
    assert {done.sale.status for done in both} == {"paid"}
    assert await published(owner) == ["sale:created", "sale:created"]


async def test_paid_and_cancelled_are_for_good(do, owner, luis):
    paid, cancelled = [(await do(sales.create, luis, sold())).sale for _ in range(2)]
    await do(sales.confirm_payment, luis, paid.id)
    await do(sales.cancel, luis, cancelled.id)

    with pytest.raises(Conflict):
        await do(sales.cancel, luis, paid.id)
    with pytest.raises(Conflict):
        await do(sales.confirm_payment, luis, cancelled.id)
    for sale in (paid, cancelled):
        with pytest.raises(Conflict):
            await do(sales.update, luis, sale.id, sold("Otra persona"), sale.version + 1)
    assert not (await do(sales.cancel, luis, cancelled.id)).changed
    assert len(await published(owner)) == 4


async def test_payment_or_cancellation_whichever_comes_first(do, owner, luis):
    for _ in range(5):
        sale = (await do(sales.create, luis, sold())).sale
        ends = await asyncio.gather(
            do(sales.confirm_payment, luis, sale.id),
            do(sales.cancel, luis, sale.id),
            return_exceptions=True,
        )
        assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Done"]


async def test_of_two_corrections_the_later_must_look_again(do, owner, ana, luis):
    sale = (await do(sales.create, luis, sold())).sale
    await do(sales.update, luis, sale.id, sold("María Luz"), sale.version)
    with pytest.raises(Conflict) as refused:
        await do(sales.update, ana, sale.id, sold("Marta"), sale.version)
    assert refused.value.field == "version"

    again = await do(sales.update, luis, sale.id, sold("María Luz"), sale.version)
    assert not again.changed, "the same correction sent twice"
    done = await do(sales.update, ana, sale.id, sold("Marta"), again.sale.version)
    assert (done.sale.customer, done.sale.version) == ("Marta", 3)
    assert await published(owner) == ["sale:created", "sale:updated", "sale:updated"]


async def test_corrected_items_replace_the_old_ones(do, luis):
    three = [TypedItem("Pan", "3", "0.25"), TypedItem("Café", "", "2"), TypedItem("Té", "1", "1")]
    sale = (await do(sales.create, luis, checked(Typed("Ana", items=three)))).sale
    two = [TypedItem("Pan", "4", "0.25"), TypedItem("Leche", "1", "1.10")]
    done = await do(sales.update, luis, sale.id, checked(Typed("Ana", items=two)), 1)
    assert [(item.product, item.amount) for item in done.sale.items] == [
        ("Pan", Decimal("1.00")),
        ("Leche", Decimal("1.10")),
    ]
    assert done.sale.total == Decimal("2.10")


# -- numbers and lists


async def test_numbers_count_per_tenant_without_gaps(do, luis, rosa, eva):
    await asyncio.gather(*[do(sales.create, who, sold()) for who in (luis, rosa) * 10])
    with pytest.raises(Invalid):
        await do(sales.create, luis, checked(Typed("")))
    last = await do(sales.create, luis, sold())
    assert last.sale.number == 21
    assert (await do(sales.create, eva, sold())).sale.number == 1


async def test_another_tenants_or_sellers_sale_is_not_there(do, ana, luis, rosa, eva):
    sale = (await do(sales.create, luis, sold())).sale
    assert (await do(sales.one, ana, sale.id)).number == sale.number
    for stranger in (rosa, eva):
        for verb in (sales.one, sales.confirm_payment, sales.cancel):
            with pytest.raises(NotFound):
                await do(verb, stranger, sale.id)
        with pytest.raises(NotFound):
            await do(sales.update, stranger, sale.id, sold("X"), 1)
    assert (await do(sales.one, luis, sale.id)).status == "pending"


async def test_a_seller_lists_the_own_sales_of_today(do, owner, luis, rosa):
    mine = [(await do(sales.create, luis, sold())).sale.number for _ in range(2)]
    await do(sales.create, rosa, sold())
    await owner.execute(
        "update campana.sale set created_at = created_at - interval '25 hours' where number = 1"
    )
    assert [sale.number for sale in (await do(sales.todays_own, luis)).rows] == [mine[1]]


async def test_ten_thousand_sales_are_read_page_by_page(do, owner, ana, luis):
    await do(sales.create, luis, sold())
    await owner.execute(
        """insert into campana.sale
          (tenant_id, id, number, customer, total, currency, source, created_by)
        select tenant_id, gen_random_uuid(), n, 'Cliente ' || n, 5, 'USD', 'staff', created_by
        from campana.sale, generate_series(2, 10000) n"""
    )
    first = await do(sales.page, ana)
    assert [sale.number for sale in first.rows] == list(range(10_000, 10_000 - PAGE_SIZE, -1))
    second = await do(sales.page, ana, first.older)
    assert second.rows[0].number == first.rows[-1].number - 1
    last = await do(sales.page, ana, 11)
    assert (len(last.rows), last.older) == (10, None)


# -- what people type


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (Typed("", "1"), "customer"),
        (Typed("  \t ", "1"), "customer"),
        (Typed("\u200b", "1"), "customer"),
        (Typed("x" * 121, "1"), "customer"),
        (Typed("a\0b", "1"), "customer"),
        (Typed("a\x1bb", "1"), "customer"),
        (Typed("\ud800", "1"), "customer"),
        (Typed("Ana", ""), "total"),
        (Typed("Ana", "0"), "total"),
        (Typed("Ana", "-5"), "total"),
        (Typed("Ana", "NaN"), "total"),
        (Typed("Ana", "Infinity"), "total"),
        (Typed("Ana", "1e3"), "total"),
        (Typed("Ana", "1" + "0" * 30), "total"),
        (Typed("Ana", "1" * 5000), "total"),
        (Typed("Ana", "10000000000"), "total"),
        (Typed("Ana", "1.005"), "total"),
        (Typed("Ana", "1,234"), "total"),
        (Typed("Ana", "1,234.50"), "total"),
        (Typed("Ana", "٣"), "total"),
        (Typed("Ana", "abc"), "total"),
        (Typed("Ana", "1\0"), "total"),
        (Typed("Ana", "1", "BTC"), "currency"),
        (Typed("Ana", "1", token="x"), "token"),
        (Typed("Ana", items=[TypedItem("", "1", "2")]), "items.0.product"),
        (Typed("Ana", items=[TypedItem("x" * 121, "1", "2")]), "items.0.product"),
        (Typed("Ana", items=[TypedItem(), TypedItem("Pan", "0", "2")]), "items.1.quantity"),
        (Typed("Ana", items=[TypedItem("Pan", "-1", "2")]), "items.0.quantity"),
        (Typed("Ana", items=[TypedItem("Pan", "1000001", "2")]), "items.0.quantity"),
        (Typed("Ana", items=[TypedItem("Pan", "1", "")]), "items.0.price"),
        (Typed("Ana", items=[TypedItem("Pan", "1", "-2")]), "items.0.price"),
        (Typed("Ana", items=[TypedItem("Pan", "1", "0")]), "total"),
        (Typed("Ana", items=[TypedItem("Pan", "9", "9999999999")]), "total"),
        (Typed("Ana", "3", items=[TypedItem("Pan", "1", "2")]), "total"),
        (Typed("Ana", items=[TypedItem("Pan", "1", "2")] * 200), "items"),
    ],
)
def test_what_cannot_be_a_sale_is_named_by_its_field(typed, field):
    with pytest.raises(Invalid) as refused:
        checked(typed)
    assert [error.field for error in refused.value.errors] == [field]
    assert refused.value.errors[0].message


def test_everything_wrong_is_said_at_once():
    with pytest.raises(Invalid) as refused:
        checked(Typed("", "", "X", [TypedItem("Pan", "x", "y")]))
    fields = {error.field for error in refused.value.errors}
    assert fields == {"customer", "currency", "items.0.quantity", "items.0.price"}


def test_amounts_are_read_as_people_write_them():
    draft = checked(Typed(" Ana \n Rivas ", "", "eur", [TypedItem("Pan", "1,5", " 0.33 ")]))
    assert (draft.customer, draft.currency) == ("Ana Rivas", "EUR")
    assert draft.total == Decimal("0.50"), "0.495, rounded as shops do"
    assert checked(Typed("Ana", "9999999999.99")).total == Decimal("9999999999.99")


async def test_the_largest_sale_can_be_kept(do, hear, ana, luis):
    gold = TypedItem("Oro", "1", "9000000000.01")
    items = [TypedItem("é" * 120, "999999.99", "0.01")] * 99 + [gold]
    done = await do(sales.create, luis, checked(Typed("😀" * 120, items=items)))
    assert len((await do(sales.one, luis, done.sale.id)).items) == 100
    [heard] = await hear(ana)
    assert heard.data["total"] == float(done.sale.total)


@pytest.mark.parametrize("reason", ["x" * 201, "a\0b"])
async def test_a_reason_that_cannot_be_kept_changes_nothing(do, luis, reason):
    sale = (await do(sales.create, luis, sold())).sale
    with pytest.raises(Invalid) as refused:
        await do(sales.cancel, luis, sale.id, reason)
    assert refused.value.field == "reason"
    assert (await do(sales.one, luis, sale.id)).is_pending
