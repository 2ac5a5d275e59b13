"""Lists by keyboard: one stop each, and nothing that changes them takes the keyboard away."""

from __future__ import annotations

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, is_live
from tests.cast import Cast
from tests.post import post

pytestmark = IN_BROWSERS


async def test_a_list_is_one_stop_and_the_row_in_hand_has_its_buttons(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(
        db,
        *[{"title": f"Número {n}", "url": "/sales"} for n in range(24)],
        {"type": "announcement:published", "title": "Sin"},
    )
    ana = await is_live(await visit(cast.ana_admin))
    rows = ana.locator("#inbox .row")
    tabbable = "row => row.matches('[tabindex=\"0\"]') || !!row.querySelector('[tabindex=\"0\"]')"

    async def stops() -> list[int]:
        return [n for n, row in enumerate(await rows.all()) if await row.evaluate(tabbable)]

    assert await stops() == [0]
    await ana.keyboard.press("j")
    await expect(rows.nth(0)).to_be_focused()  # it leads nowhere, so it is the row itself
    await ana.keyboard.press("ArrowDown")
    await ana.keyboard.press("ArrowDown")
    await expect(rows.nth(2).locator(".row-link")).to_be_focused()
    assert await stops() == [2]
    delete = rows.nth(2).get_by_role("button", name="Eliminar")
    while not await delete.evaluate("button => button === document.activeElement"):
        await ana.keyboard.press("Tab")
        await expect(rows.nth(2).locator(":focus")).to_have_count(1)
    await ana.keyboard.press("Enter")
    await expect(rows.nth(2)).to_contain_text("Número 21")
    await expect(rows.nth(2).locator(".row-link")).to_be_focused()
    assert await stops() == [2]

    await ana.keyboard.press("End")
    more = ana.get_by_role("link", name="Cargar más")
    await expect(more.or_(rows.nth(23))).to_be_visible()
    await expect(rows).to_have_count(24)  # the rest came by itself
    await ana.evaluate("htmx.trigger(document.body, 'live:resync-inbox')")
    await expect(ana.locator(".row :focus")).to_have_count(1)
    assert len(await stops()) == 1


async def test_in_the_panel_nothing_is_covered_and_all_read_is_taken_back(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Número {n}"} for n in range(130)])
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await ana.locator("#bell").click()
    panel = ana.locator("#panel")
    await expect(panel.locator(".row")).to_have_count(5)
    await panel.locator(".row").first.hover()
    await panel.locator(".row").first.get_by_role("button", name="Eliminar").click()
    undo = panel.get_by_role("button", name="Deshacer")
    await expect(undo).to_be_visible()
    foot, toast = await panel.locator(".panel-foot").bounding_box(), await undo.bounding_box()
    assert foot
    assert toast
    assert toast["y"] + toast["height"] <= foot["y"], "the toast lies above the foot"
    await undo.click()
    await expect(badge(ana)).to_have_text("99+")

    await panel.get_by_role("button", name="Marcar 130 como leídas").click()
    await expect(ana.locator("#bell-badge")).to_be_hidden()
    await expect(panel.locator(".notice")).to_contain_text(
        "130 notificaciones marcadas como leídas"
    )
    await expect(undo).to_have_count(1)
    await undo.click()
    await expect(badge(ana)).to_have_text("99+")
    await expect(panel.locator(".row-unread")).to_have_count(5)
    await expect(ana.locator("#announcer")).to_have_text(
        "130 notificaciones marcadas como no leídas"
    )
    await panel.locator(".notice").get_by_role("link", name="Cerrar").click()
    await expect(panel.locator(".notice")).to_have_count(0)
    await expect(ana.locator("#panel-title")).to_be_focused()
