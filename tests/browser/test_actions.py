"""Buttons that do something: pressed in a toast, in the panel and on the page."""

from __future__ import annotations

from playwright.async_api import Locator, Page, Route, expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, has_said, is_live, sell_unseen
from tests.cast import Cast

pytestmark = IN_BROWSERS

PAY = "Confirmar pago"


async def test_a_payment_is_confirmed_once_where_it_was_asked_for(
    visit: Visit, db: Database, cast: Cast
) -> None:
    luis = await visit(cast.luis_colleague)
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await sell_unseen(luis, "Marta")
    toast = ana.locator(".toast", has_text="Marta")
    pay = toast.get_by_role("button", name=PAY)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await ana.route("**/actions/*", hold)
    async with ana.expect_request("**/actions/*"):
        await pay.dblclick()
    await expect(pay).to_have_attribute("aria-busy", "true")
    await pay.press("Enter")
    await held[0].continue_()
    await expect(toast).to_contain_text("Pago confirmado")
    await has_said(ana, "Pago confirmado")
    await expect(badge(ana)).to_be_hidden()
    await expect(toast).to_be_visible()  # read elsewhere it would go; here it says what was done
    assert len(held) == 1
    sold = await luis.request.get("/sales/mine")
    assert "Pagada" in await sold.text()


async def test_a_failure_can_be_tried_again_and_done_elsewhere_is_a_fact(
    visit: Visit, cast: Cast
) -> None:
    luis = await visit(cast.luis_colleague)
    await sell_unseen(luis, "Marta", "José")
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await ana.locator("#bell").click()
    marta, jose = _row(ana, "Marta"), _row(ana, "José")

    await ana.route("**/actions/*", lambda route: route.abort())
    await marta.get_by_role("button", name=PAY).press("Enter")
    await expect(marta.locator(".acted")).to_contain_text("No hay conexión")
    again = marta.get_by_role("button", name=f"Reintentar: {PAY}")
    await expect(again).to_be_focused()
    await expect(marta).to_contain_class("row-unread")
    await ana.unroute("**/actions/*")
    await again.press("Enter")
    await expect(marta.locator(".acted")).to_have_text("Pago confirmado")
    await expect(marta.locator(".acted")).to_be_focused()
    await expect(marta).not_to_contain_class("row-unread")

    await luis.goto("/sales/mine")
    await luis.locator("tr", has_text="José").get_by_role("button", name=PAY).click()
    await expect(luis.locator("tr", has_text="José")).to_contain_text("Pagada")
    await jose.get_by_role("button", name=PAY).click()
    await expect(jose.locator(".acted")).to_contain_text("ya estaba pagada")
    await expect(ana.locator(".toast-failure")).to_have_count(0)
    await expect(jose.get_by_role("button", name=PAY)).to_have_count(0)


def _row(page: Page, customer: str) -> Locator:
    return page.locator("#latest .row", has_text=customer)
