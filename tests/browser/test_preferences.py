"""Preferences as people meet them: saved at a press, seen elsewhere, heard from the next event."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from campana.channels import SOUND
from campana.db import Database
from campana.preferences import layers
from campana.preferences.policy import Masks
from tests.browser import IN_BROWSERS
from tests.browser.axe import Look, is_accessible
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, beside, finds, is_live, watched
from tests.cast import Cast
from tests.corridor.conftest import Publish

pytestmark = IN_BROWSERS

HIDDEN = """
Object.defineProperty(document, 'hidden', { get: () => true });
window.shown = [];
addEventListener('desktop:shown', ({ detail }) => shown.push(detail));
document.addEventListener('load', ({ target }) => {
  if (target.src?.includes('/desktop.js')) window.mayShow = true;
}, { capture: true });
"""
"""A tab that nobody looks at."""
HEARD = "id => watched.heard.includes(id)"


async def test_a_press_is_saved_said_and_seen_on_the_other_device(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    desk = await is_live(await visit(cast.ana_admin, "/preferences"))
    phone = await is_live(await visit(cast.ana_admin, "/preferences"))
    toast = desk.get_by_role("button", exact=True, name="Venta nueva: Emergente")
    await toast.focus()
    await desk.keyboard.press("Space")
    await expect(desk.get_by_role("status").filter(has_text="apagado")).to_be_visible()
    await expect(toast).to_have_attribute("aria-pressed", "false")
    await expect(toast).to_be_focused()
    await expect(
        phone.get_by_role("button", exact=True, name="Venta nueva: Emergente")
    ).to_have_attribute("aria-pressed", "false")

    await desk.goto(ELSEWHERE)
    await is_live(desk)
    await publish(title="Sin ruido")
    await expect(badge(desk)).to_have_text("1")
    await publish(title="Con ruido", type="stock:low")
    await expect(desk.locator(".toast-title")).to_have_text(["Con ruido"])
    assert (await watched(desk))["toasts"] == 1


async def test_what_an_administrator_locks_is_seen_at_once_and_axe_finds_nothing(
    visit: Visit, db: Database, cast: Cast
) -> None:
    luis = await is_live(await visit(cast.luis_colleague, "/preferences", bypass_csp=True))
    sound = luis.get_by_role("button", exact=True, name="Venta nueva: Sonido")
    await expect(sound).to_have_attribute("aria-pressed", "true")
    await _lock(db, cast, Masks(0, SOUND, SOUND, "Se oye en toda la tienda."))
    await expect(luis.get_by_text("Tu negocio: Se oye en toda la tienda.")).to_be_visible()
    await expect(sound).to_have_count(0)

    await luis.get_by_role("button", exact=True, name="Venta nueva: Emergente").click()
    await expect(luis.locator(".pref-undo")).to_be_visible()
    await is_accessible(luis, Look("light", 1280), Look("dark", 360))


async def _lock(db: Database, cast: Cast, masks: Masks) -> None:
    async with db.tenant(cast.norte) as tx:
        await layers.set_masks(tx, cast.norte, "sale:created", masks, actor="test")
    await layers.announce(db, cast.norte)


async def test_a_pause_makes_the_next_event_silent(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/preferences"))
    await ana.get_by_role("button", name="Pausar 1 hora").click()
    await expect(ana.get_by_role("heading", name="En pausa hasta")).to_be_visible()
    await ana.get_by_role("button", name="Probar").click()
    outcome = ana.locator(".pref-outcome")
    await expect(outcome).to_contain_text("La prueba llegó: Bandeja.")
    await expect(outcome).to_contain_text("están en pausa")
    await ana.goto(ELSEWHERE)
    await is_live(ana)
    await publish(title="Urgente", priority="urgent")
    await expect(badge(ana)).to_have_text("2")
    assert (await watched(ana))["toasts"] == 0


async def test_one_desktop_notification_for_any_number_of_tabs(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    first = await visit(cast.ana_admin, ELSEWHERE, script=HIDDEN, permissions=["notifications"])
    tabs = [first, await beside(first, ELSEWHERE), await beside(first, ELSEWHERE)]
    for tab in tabs:
        await is_live(tab)
        await finds(tab, "window.mayShow")
    event = await publish(title="En el escritorio")
    await finds(first, HEARD, str(event))
    last = await publish(title="Y otra")
    for tab in tabs:
        await finds(tab, HEARD, str(last))

    async def all_shown() -> list[str]:
        return sorted([one for tab in tabs for one in await tab.evaluate("shown")])

    await _until(first, all_shown, sorted([str(event), str(last)]))


async def _until(page: Page, found: Any, wanted: list[str]) -> None:
    """Waits for as many as are wanted, then for one more turn of every lock."""
    for _attempt in range(100):
        if len(await found()) >= len(wanted):
            break
        await page.wait_for_timeout(50)
    await page.evaluate("navigator.locks.request('a turn', () => {})")
    assert await found() == wanted
