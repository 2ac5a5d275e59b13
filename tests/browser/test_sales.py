"""Sales in two browsers: what one sells, the other sees."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import badge, beside, has_said, is_live, sell, sell_unseen
from tests.cast import Cast

pytestmark = IN_BROWSERS


def row(page: Page, customer: str) -> Locator:
    return page.locator("tr.sale", has_text=customer)


async def test_a_sale_appears_and_its_payment_shows_without_a_reload(
    visit: Visit, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/sales"))
    luis = await visit(cast.luis_colleague)
    await ana.evaluate("window.stays = true")

    await sell(luis, "María López")
    await expect(row(ana, "María López")).to_contain_text("Pendiente")
    await expect(ana.locator("#bell-badge > [aria-hidden]")).to_have_text("1")
    await expect(ana.locator(".toast")).to_have_count(0)

    await luis.get_by_role("button", name="Confirmar pago").click()
    await expect(luis.locator(".flash-success")).to_contain_text("está pagada")
    await expect(row(ana, "María López")).to_contain_text("Pagada")
    assert await ana.evaluate("window.stays")


async def test_confirming_in_the_list_keeps_the_keyboard_where_it_was(
    visit: Visit, cast: Cast
) -> None:
    luis = await visit(cast.luis_colleague)
    await sell_unseen(luis, "María López")
    ana = await is_live(await visit(cast.ana_admin, "/sales"))

    await row(ana, "María").get_by_role("button", name="Confirmar pago").press("Enter")
    await expect(row(ana, "María")).to_contain_text("Pagada")
    await expect(row(ana, "María").get_by_role("link")).to_be_focused()
    await has_said(ana, "La venta 1 está pagada.")


async def test_looking_at_the_list_clears_the_badge_in_every_tab(visit: Visit, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    phone = await is_live(await visit(cast.ana_admin))
    luis = await visit(cast.luis_colleague)
    await sell_unseen(luis, "Uno", "Dos")
    for device in (ana, phone):
        await expect(device.locator("#sales-badge > [aria-hidden]")).to_have_text("2")

    tab = await beside(ana, "/sales")
    await expect(tab.locator("tr.sale")).to_have_count(2)
    for device in (ana, phone, tab):
        await expect(device.locator("#sales-badge")).to_be_hidden()


async def test_a_row_stays_under_the_hand_while_others_arrive(visit: Visit, cast: Cast) -> None:
    luis = await visit(cast.luis_colleague)
    await sell_unseen(luis, *[f"Cliente {number}" for number in range(12)])
    ana = await is_live(
        await visit(cast.ana_admin, "/sales", viewport={"width": 900, "height": 500})
    )
    held = row(ana, "Cliente 9")
    await held.hover()
    place = "row => Math.round(row.getBoundingClientRect().top)"
    before = await held.evaluate(place)

    await sell_unseen(luis, "Recién llegada")
    await expect(row(ana, "Recién llegada")).to_have_count(1)
    assert abs(await held.evaluate(place) - before) <= 1  # half pixels


async def test_what_was_typed_stays_when_something_is_wrong(visit: Visit, cast: Cast) -> None:
    luis = await visit(cast.luis_colleague, "/checkout")
    await luis.get_by_label("Cliente").fill("María")
    await luis.locator("#product-1").fill("Pan")
    await luis.locator("#price-1").fill("mucho")
    await luis.get_by_role("button", name="Otro artículo").click()
    await expect(luis.locator("#product-4")).to_be_focused()
    await luis.get_by_role("button", name="Comprar").click()

    await expect(luis.locator("#price-1")).to_be_focused()
    await expect(luis.locator("#price-1")).to_have_accessible_description(
        re.compile("Escríbelo como número")
    )
    await luis.locator("#price-1").fill("0,25")
    await luis.get_by_role("button", name="Comprar").click()
    await expect(luis.locator("#sale")).to_contain_text("$0.25")


async def test_whoever_follows_a_sale_is_told_what_becomes_of_it(visit: Visit, cast: Cast) -> None:
    luis = await is_live(await visit(cast.luis_colleague))
    await sell(luis, "María López")
    await luis.get_by_role("button", name="Seguir", exact=True).press("Enter")
    await expect(luis.get_by_role("button", name="Dejar de seguir")).to_be_focused()
    ana = await visit(cast.ana_admin, luis.url.partition("?")[0])
    await ana.get_by_role("button", name="Confirmar pago").click()
    await expect(badge(luis)).to_have_text("1")
    await expect(luis.locator(".sale-card")).to_contain_text("Pagada")
