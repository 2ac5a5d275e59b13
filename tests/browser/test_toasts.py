"""Toasts say what has just happened, once, and get out of the way."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import PublishAll, Visit
from tests.browser.pages import ELSEWHERE, badge, is_live, watched
from tests.browser.site import Site
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import backdate, post

pytestmark = IN_BROWSERS

ACTION = [{"name": "view", "label": "Ver venta", "url": "/sales"}]


async def test_toasts_come_in_four_variants_and_leave_by_themselves(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    for variant in ("info", "success", "warning", "error"):
        await publish(title="Hola", message="¿Qué tal?", variant=variant)
        await expect(ana.locator(f".toast-{variant}")).to_contain_text("¿Qué tal?")
        await ana.locator(f".toast-{variant} [data-dismiss]").click()

    await expect(ana.locator(".toast")).to_have_count(0)
    await ana.mouse.move(5, 5)
    await _toasts_last(ana, 0.5)
    await publish(title="Adiós")
    await expect(ana.locator(".toast")).to_contain_text("Adiós")
    await expect(ana.locator(".toast")).to_have_count(0)


async def test_a_toast_with_an_action_stays_until_it_is_dismissed(
    visit: Visit, publish_all: PublishAll, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await _toasts_last(ana, 0.5)
    await publish_all({"title": "Con acción", "actions": ACTION}, {"title": "Sin acción"})
    await expect(badge(ana)).to_have_text("2")
    await expect(ana.locator(".toast")).to_have_count(1)
    assert (await watched(ana))["toasts"] == 2
    toast = ana.locator(".toast", has_text="Con acción")
    await expect(toast.get_by_role("link", name="Ver venta")).to_be_visible()
    await toast.get_by_role("button", name="Cerrar").click()
    await expect(ana.locator(".toast")).to_have_count(0)


async def test_a_toast_waits_while_somebody_points_at_it(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await publish(title="Para señalar")
    await ana.locator(".toast").hover()
    await _toasts_last(ana, 0.6)
    await publish(title="Despacio")
    toast = ana.locator(".toast", has_text="Despacio")
    await expect(toast).to_be_visible()
    await ana.wait_for_timeout(1200)
    await expect(toast).to_have_count(1)
    await ana.mouse.move(5, 5)
    await expect(toast).to_have_count(0)


async def test_a_burst_is_three_toasts_at_most(
    visit: Visit, publish_all: PublishAll, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await publish_all(*[{"title": f"Número {number}"} for number in range(12)])
    await expect(badge(ana)).to_have_text("12")
    await expect(ana.locator(".toast")).to_have_count(3)
    await expect(ana.locator(".toast-more")).to_contain_text("10 notificaciones más")
    await expect(ana.locator("#announcer")).to_have_text("12 notificaciones nuevas")
    assert (await watched(ana))["toasts"] == 3


async def test_no_toast_for_what_the_page_shows_already(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/notifications"))
    await publish(title="Está en la lista")
    await expect(ana.locator(".row")).to_have_count(1)
    assert (await watched(ana))["toasts"] == 0


async def test_no_toast_for_what_is_old(visit: Visit, db: Database, site: Site, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await site.stop()
    (event,) = await post(db, {"title": "Vieja"})
    await backdate(db, event, minutes=5)
    await site.start()
    await expect(badge(ana)).to_have_text("1")
    assert (await watched(ana))["toasts"] == 0


async def test_what_was_missed_for_a_moment_is_told_as_one(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    ana = await visit(cast.ana_admin, ELSEWHERE, timings={"backoffBase": 100, "backoffMost": 200})
    await is_live(ana)
    await site.stop()
    for number in range(5):
        await publish(title=f"Número {number}")
    await site.start()
    await expect(badge(ana)).to_have_text("5")
    await expect(ana.locator(".toast-title")).to_have_text("5 notificaciones nuevas")
    await expect(ana.locator("#announcer")).to_have_text("5 notificaciones nuevas")
    assert (await watched(ana))["toasts"] == 1


async def test_a_toast_leaves_when_its_notification_is_read_elsewhere(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    phone = await is_live(await visit(cast.ana_admin, "/notifications"))
    await publish(title="Leída en el móvil", actions=ACTION)
    await expect(ana.locator(".toast")).to_have_count(1)
    await expect(phone.locator(".row")).to_have_count(1)  # "all" is all that was shown
    await phone.get_by_role("button", name=re.compile("^Marcar .+ como leíd")).click()
    await expect(ana.locator(".toast")).to_have_count(0)


async def _toasts_last(page: Page, seconds: float) -> None:
    await page.evaluate("seconds => { toasts.dataset.seconds = seconds; }", seconds)
