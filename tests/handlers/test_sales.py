"""The pages of sales, asked by everybody: administrators, sellers, strangers, nobody."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from uuid import uuid4

import pytest

from campana.domains.sales.records import PAGE_SIZE
from tests.post import deliver
from tests.sse import Ear

HTML = {"Accept": "text/html,application/xhtml+xml"}
HTMX = {"HX-Request": "true", "Accept": "text/html"}
COFFEE = {"customer": "María López", "product": "Café", "quantity": "2", "price": "6.25"}


@pytest.fixture
async def ana(client, cast):
    """Administers norte."""
    return await client(cast.ana_admin)


@pytest.fixture
async def luis(client, cast):
    """Sells at norte."""
    return await client(cast.luis_colleague)


async def get(browser, path, **headers):
    """Status and text of a page."""
    answer = await browser.get(path, headers={**HTML, **headers}, allow_redirects=False)
    return answer.status, unescape(await answer.text())


async def send(browser, path, fields, headers=HTML):
    """Status, where it leads, and text."""
    answer = await browser.post(path, data=fields, headers=headers, allow_redirects=False)
    return answer.status, answer.headers.get("Location", ""), unescape(await answer.text())


async def sell(browser, path="/sales", **changes):
    """A sale through the form; its address."""
    status, location, text = await send(browser, path, {**COFFEE, **changes})
    assert status == 303, text
    assert location.endswith("?said=created")
    return location.partition("?")[0]


def rows(text):
    """Who bought, from the top of the list."""
    found = re.findall(r'<tr id="sale-.*?<td data-label="[^"]+">([^<]+)', text, re.DOTALL)
    return [name.strip() for name in found]


def badge(text):
    """What the side bar says beside sales."""
    found = re.search(r'id="sales-badge"[^>]*>(?:<span[^>]*>(\d+))?', text)
    return found and int(found[1] or 0)


def invalid(text):
    """The fields marked as wrong, by their ids."""
    tags = re.findall(r"<(?:input|select)[^>]*>", text)
    return [re.search(r'id="([^"]+)"', tag)[1] for tag in tags if 'aria-invalid="true"' in tag]


# -- from the counter and the shop to the administrators' list


@pytest.mark.parametrize(("path", "shown"), [("/sales", False), ("/checkout", True)])
async def test_what_a_seller_sells_is_on_the_administrators_list(ana, luis, path, shown):
    assert "sale-" not in (await get(ana, "/sales/list"))[1]
    address = await sell(luis, path)

    status, text = await get(ana, "/sales")
    assert (status, rows(text)) == (200, ["María López"])
    assert f'href="{address}"' in text
    assert "$12.50" in text
    assert ('class="tag"' in text) == shown, "it says so when the customer bought online"
    assert (await get(luis, address))[0] == 200


async def test_the_list_and_its_part_are_the_same(ana, luis):
    await sell(luis)
    _, whole = await get(ana, "/sales")
    _, part = await get(ana, "/sales/list", **HTMX)
    section = re.search(r'<section id="sales".*?</section>', whole, re.DOTALL)
    assert section
    assert section[0] == part.strip()


async def test_sellers_have_a_page_of_their_own(ana, luis, client, cast):
    await sell(luis)
    await sell(ana, customer="Otra")
    assert rows((await get(luis, "/sales/mine"))[1]) == ["María López"]
    rosa = await client(cast.rosa_colleague)
    assert rows((await get(rosa, "/sales/mine"))[1]) == []
    _, text = await get(luis, "/notifications")
    assert 'href="/sales/mine"' in text
    assert 'href="/sales"' not in text


async def test_a_list_goes_on_to_older_ones(ana, luis, owner):
    await sell(luis)
    await owner.execute(
        """insert into campana.sale
          (tenant_id, id, number, customer, total, currency, source, created_by)
        select tenant_id, gen_random_uuid(), n, 'Cliente ' || n, 5, 'USD', 'staff', created_by
        from campana.sale, generate_series(2, $1::integer) n""",
        PAGE_SIZE + 2,
    )
    _, text = await get(ana, "/sales")
    assert len(rows(text)) == PAGE_SIZE
    older = re.search(r'href="(/sales\?before=\d+)"', text)[1]
    assert rows((await get(ana, older))[1]) == ["Cliente 2", "María López"]
    assert (await get(ana, "/sales?before=1"))[0] == 200
    for nonsense in ("x", "0", "-1", "99999999999999999999"):
        assert (await get(ana, f"/sales?before={nonsense}"))[0] == 422


# -- who may


async def test_only_administrators_see_all_sales(luis, client):
    for path in ("/sales", "/sales/list", "/sales/badge"):
        assert (await get(luis, path))[0] == 403
        answer = await (await client()).get(path, headers=HTML, allow_redirects=False)
        assert answer.headers["Location"] == f"/login?next={path}"


async def test_a_strangers_or_another_sellers_sale_is_not_there(luis, ana, client, cast):
    address = await sell(luis)
    for stranger in (cast.eva_stranger, cast.rosa_colleague):
        browser = await client(stranger)
        for path in ("", "/card", "/edit"):
            assert (await get(browser, address + path))[0] == 404
        for path in ("", "/payment", "/cancel"):
            assert (await send(browser, address + path, COFFEE))[0] == 404
    eva = await client(cast.eva_stranger)
    assert rows((await get(eva, "/sales"))[1]) == []
    assert rows((await get(ana, "/sales"))[1]) == ["María López"]
    assert (await get(ana, f"/sales/{uuid4()}"))[0] == 404
    assert (await get(ana, "/sales/7"))[0] == 404


async def test_where_the_business_is_missing_so_are_its_pages(client, cast, owner):
    await owner.execute("update campana.tenant set modules = '{calendar}' where slug = 'norte'")
    for member in (cast.ana_admin, cast.luis_colleague):
        browser = await client(member)
        for path in ("/sales", "/sales/list", "/sales/mine", "/sales/new", "/checkout"):
            assert (await get(browser, path))[0] == 404
        assert (await send(browser, "/sales", COFFEE))[0] == 404
        assert 'href="/sales' not in (await get(browser, "/notifications"))[1]


# -- what becomes of a sale


async def test_payment_without_javascript_leads_to_a_page_that_says_so(luis):
    address = await sell(luis)
    assert (await send(luis, f"{address}/payment", {}))[:2] == (303, f"{address}?said=paid")
    assert (await send(luis, f"{address}/payment", {}))[1] == f"{address}?said=already_paid"
    _, text = await get(luis, f"{address}?said=already_paid")
    assert "ya estaba pagada" in text
    assert "status-paid" in text
    assert 'class="flash' not in (await get(luis, f"{address}?said=<b>"))[1]


async def test_payment_by_htmx_gives_the_row_and_a_word_for_who_listens(ana, luis):
    address = await sell(luis)
    status, _, text = await send(ana, f"{address}/payment", {}, HTMX)
    assert status == 200
    assert text.startswith(f'<tr id="sale-{address.rpartition("/")[2]}" class="sale sale-paid">')
    assert "está pagada." in text
    assert "ya estaba pagada." in (await send(ana, f"{address}/payment", {}, HTMX))[2]


async def test_whoever_was_slower_sees_what_it_is_now(ana, luis):
    address = await sell(luis)
    status, location, _ = await send(luis, f"{address}/cancel", {"reason": "Se fue"})
    assert (status, location) == (303, f"{address}?said=cancelled")

    status, _, text = await send(ana, f"{address}/payment", {})
    assert status == 409
    assert "Esta venta está cancelada." in text
    assert "Se fue" in text
    status, _, text = await send(ana, f"{address}/payment", {}, HTMX)
    assert status == 409
    assert "sale-cancelled" in text
    assert (await get(ana, f"{address}/edit"))[0] == 303, "there is nothing to correct any more"


async def test_a_reason_too_long_is_kept_to_be_shortened(luis):
    address = await sell(luis)
    status, _, text = await send(luis, f"{address}/cancel", {"reason": "x" * 201})
    assert (status, invalid(text)) == (422, ["reason"])
    assert "x" * 201 in text


async def test_a_correction(luis):
    address = await sell(luis)
    _, form = await get(luis, f"{address}/edit")
    assert 'value="6.25"' in form
    status, location, _ = await send(luis, address, {**COFFEE, "quantity": "3", "version": "1"})
    assert (status, location) == (303, f"{address}?said=updated")
    assert "$18.75" in (await get(luis, address))[1]


async def test_a_correction_that_came_too_late_may_be_sent_again(ana, luis):
    address = await sell(luis)
    await send(ana, address, {**COFFEE, "customer": "Ana", "version": "1"})

    late = {**COFFEE, "customer": "Luis"}
    status, _, text = await send(luis, address, {**late, "version": "1"})
    assert status == 409
    assert 'value="Luis"' in text
    version = re.search(r'name="version" value="(\d+)"', text)[1]
    assert (await send(luis, address, {**late, "version": version}))[0] == 303
    for nonsense in ("", "x", "-1", "9" * 30, "\u0663"):
        assert (await send(luis, address, {**COFFEE, "version": nonsense}))[0] == 409


# -- forms


async def test_a_form_sent_twice_at_once_is_one_sale(ana, luis):
    _, form = await get(luis, "/sales/new")
    token = re.search(r'name="token" value="([^"]+)"', form)[1]
    assert token not in (await get(luis, "/sales/new"))[1]

    sent = [send(luis, "/sales", {**COFFEE, "token": token}) for _ in range(4)]
    ends = await asyncio.gather(*sent)
    assert {status for status, _, _ in ends} == {303}
    assert len({location.partition("?")[0] for _, location, _ in ends}) == 1
    assert len(rows((await get(ana, "/sales"))[1])) == 1


async def test_the_same_form_with_something_else_in_it_asks_first(ana, luis):
    token = str(uuid4())
    await sell(luis, token=token)
    status, _, text = await send(luis, "/sales", {**COFFEE, "customer": "Rosa", "token": token})
    assert status == 409
    assert "Este formulario ya es la venta 1" in text
    fresh = re.search(r'name="token" value="([^"]+)"', text)[1]
    await sell(luis, customer="Rosa", token=fresh)
    assert rows((await get(ana, "/sales"))[1]) == ["Rosa", "María López"]


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"customer": ""}, ["customer"]),
        ({"customer": "x" * 121}, ["customer"]),
        ({"customer": "a\0b"}, ["customer"]),
        ({"quantity": "-1"}, ["quantity-1"]),
        ({"quantity": "NaN"}, ["quantity-1"]),
        ({"price": "1" + "0" * 30}, ["price-1"]),
        ({"price": "1; drop table"}, ["price-1"]),
        ({"product": ""}, ["product-1"]),
        ({"total": "1"}, ["total"]),
        ({"currency": "BTC"}, ["currency"]),
        ({"token": "x"}, []),
        ({"customer": "", "product": "", "price": ""}, ["customer", "total"]),
    ],
)
@pytest.mark.parametrize("path", ["/sales", "/checkout"])
async def test_a_form_that_cannot_be_a_sale_comes_back(luis, ana, path, changes, marked):
    fields = {**COFFEE, **changes}
    status, _, text = await send(luis, path, fields)
    assert (status, invalid(text)) == (422, marked)
    assert 'role="alert"' in text
    assert 'class="nav-link"' in text, "it is a whole page"
    for name in ("customer", "price"):
        assert f'value="{fields[name]}"' in text.replace("\ufffd", "\0")
    status, _, part = await send(luis, path, fields, HTMX)
    assert status == 422
    assert part.lstrip().startswith("<form")
    assert rows((await get(ana, "/sales"))[1]) == []


async def test_two_hundred_items_are_too_many_and_a_hundred_are_not(luis):
    async def order(lines):
        columns = [("product", "Pan"), ("quantity", "1"), ("price", "0.10")]
        return await send(luis, "/sales", [("customer", "Ana"), *columns * lines])

    status, _, text = await order(200)
    assert status == 422
    assert "Como máximo 100 artículos." in text
    assert (await order(100))[0] == 303
    assert (await order(1000))[0] == 400


@pytest.mark.parametrize("body", [b"customer=%ff", b"customer=%ed%a0%80", b"\xff\xfe"])
async def test_what_is_no_form_is_refused(luis, body):
    headers = {**HTML, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await luis.post("/sales", data=body, headers=headers)
    assert answer.status == 400
    assert (await luis.post("/sales", json=COFFEE, headers=HTML)).status == 415


async def test_names_are_text_whatever_is_in_them(ana, luis):
    answer = await luis.post("/sales", data={**COFFEE, "customer": "<script>alert(1)</script>"})
    assert answer.status == 200
    for page in ("/sales", str(answer.url.path)):
        raw = await (await ana.get(page, headers=HTML)).text()
        assert "<script>alert" not in raw
        assert "&lt;script&gt;alert" in raw


# -- the badge in the side bar


async def listen(browser):
    """Another device of whoever this browser is signed in for."""
    ear = await Ear(browser.session, str(browser.make_url("/api/stream"))).open()
    await ear.hears("hello")
    return ear


async def test_the_badge_counts_sales_until_the_list_is_looked_at(ana, luis, db):
    first, _second = await sell(luis), await sell(luis)
    await send(luis, f"{first}/payment", {})
    await deliver(db)
    assert badge((await get(ana, "/notifications"))[1]) == 2
    assert badge((await get(ana, "/sales/badge", **HTMX))[1]) == 2

    _, text = await get(ana, "/sales?before=2")
    assert badge(text) == 2, "older ones are not the new ones"
    assert badge((await get(ana, "/sales"))[1]) == 0
    assert badge((await get(ana, "/notifications"))[1]) == 0

    await sell(luis)
    await deliver(db)
    assert badge((await get(ana, "/sales/badge", **HTMX))[1]) == 1
    await get(ana, "/sales/list", **HTMX)
    assert badge((await get(ana, "/sales/badge", **HTMX))[1]) == 0, "it was on the page in sight"


async def test_looking_at_the_list_is_told_to_the_same_persons_other_devices(
    live_app, client, cast, db
):
    ana, luis = await client(cast.ana_admin), await client(cast.luis_colleague)
    device, other = await listen(ana), await listen(luis)
    await sell(luis)
    await device.hears("notification")
    await get(ana, "/sales")
    assert (await device.hears("visited")).data == {"page": "sales"}
    await get(ana, "/sales")
    await sell(luis)
    await device.hears("notification", seq=2)
    assert len(device.named("visited")) == 1, "nothing was new, so nothing was said"
    assert not {"visited", "sale:created"} & {message.name for message in other.messages}
    await device.cut()
    await other.cut()
