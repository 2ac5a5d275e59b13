"""Pages for everybody: by keyboard, without JavaScript, on a small screen, in both languages."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.axe import is_accessible
from tests.browser.conftest import Visit
from tests.browser.pages import badge, is_live
from tests.browser.site import Site
from tests.cast import Cast
from tests.post import post

pytestmark = IN_BROWSERS

SAMPLES = [
    {"title": "Venta nueva", "message": "María · $12.50", "variant": "success", "url": "/sales"},
    {"title": "Stock bajo", "type": "stock:low", "variant": "warning", "priority": "high"},
    {"title": "Alerta", "type": "system:alert", "variant": "error", "priority": "urgent"},
    {"title": "W" * 200, "message": "مرحبا 🎉 " + "x" * 500},
]


async def test_the_panel_opens_and_closes_by_keyboard(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Número {n}"} for n in range(7)])
    ana = await is_live(await visit(cast.ana_admin, "/nowhere"))
    bell = ana.get_by_role("button", name="Notificaciones 7 sin leer")
    await bell.focus()
    await ana.keyboard.press("Enter")
    panel = ana.get_by_role("dialog", name="Notificaciones")
    await expect(panel.locator(".row")).to_have_count(5)
    await expect(panel.get_by_role("heading", name="Notificaciones")).to_be_focused()
    await ana.keyboard.press("Tab")
    await ana.keyboard.press("Enter")
    await expect(panel.locator(".row-unread")).to_have_count(0)
    await expect(ana.locator("#announcer")).to_have_text("Todas marcadas como leídas")
    await ana.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(ana.locator("#bell")).to_be_focused()


async def test_the_panel_shows_what_comes_while_it_is_open(
    visit: Visit, db: Database, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/nowhere"))
    await ana.locator("#bell").click()
    await expect(ana.get_by_text("Todavía nada")).to_be_visible()
    await post(db, {"title": "Recién llegada"})
    await expect(ana.locator("#latest .row-title")).to_contain_text(["Recién llegada"])
    await expect(ana.locator(".toast")).to_have_count(0)


async def test_what_is_being_read_does_not_move(visit: Visit, db: Database, cast: Cast) -> None:
    await post(db, {"title": "Primera"})
    ana = await is_live(await visit(cast.ana_admin))
    await ana.locator(".row").hover()
    await post(db, {"title": "Segunda"}, {"title": "Tercera"})
    waiting = ana.get_by_role("button", name="2 notificaciones nuevas")
    await expect(waiting).to_be_visible()
    await expect(ana.locator(".row")).to_have_count(1)
    await waiting.click()
    await expect(ana.locator(".row")).to_have_count(3)
    await expect(waiting).to_be_hidden()


async def test_everything_works_without_javascript(visit: Visit, db: Database, cast: Cast) -> None:
    await post(db, *[{"title": f"Número {n}"} for n in range(22)])
    await post(
        db, {"title": "Poca leche", "type": "stock:low", "url": "/notifications?type=stock:low"}
    )
    ana = await visit(cast.ana_admin, java_script_enabled=False)
    await expect(badge(ana)).to_have_text("23")
    await expect(ana.locator(".row")).to_have_count(20)
    await ana.get_by_role("link", name="Anteriores").click()
    await expect(ana.locator(".row")).to_have_count(3)

    await ana.goto("/notifications")
    row = ana.locator(".row", has_text="Número 21")
    await row.hover()
    await row.get_by_role("button", name="Marcar como leída").click()
    await expect(badge(ana)).to_have_text("22")
    await row.hover()
    await row.get_by_role("button", name="Marcar como no leída").click()
    await expect(badge(ana)).to_have_text("23")
    await row.hover()
    await row.get_by_role("button", name="Eliminar").click()
    await expect(row).to_have_count(0)

    await ana.get_by_role("link", name="Stock bajo").click()
    await expect(ana.locator(".row")).to_have_count(1)
    await ana.get_by_role("link", name="Poca leche").click()
    await expect(badge(ana)).to_have_text("21")
    await ana.get_by_role("link", name="Sin leer", exact=True).click()
    await expect(ana.get_by_text("Todo al día")).to_be_visible()

    await ana.get_by_role("button", name="Marcar todo como leído").click()
    await expect(ana.locator("#bell-badge")).to_be_hidden()
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="English").click()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Notifications")
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="Sign out").click()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Sign in")


async def test_language_and_theme_are_kept(visit: Visit, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="Oscuro").click()
    await expect(ana.locator("html")).to_have_attribute("data-theme", "dark")
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="English").click()
    await expect(ana.locator("html")).to_have_attribute("lang", "en")
    await expect(ana.locator(".live-words")).to_have_text("Real time")
    await expect(ana.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
async def test_axe_finds_nothing(
    visit: Visit, db: Database, cast: Cast, theme: str, width: int
) -> None:
    await post(db, *SAMPLES)
    looks = {
        "color_scheme": theme,
        "viewport": {"width": width, "height": 800},
        "bypass_csp": True,
        "reduced_motion": "reduce",
    }
    nobody = await visit(None, "/login", **looks)
    await is_accessible(nobody)
    ana = await is_live(await visit(cast.ana_admin, **looks))
    for path in ("/notifications", "/notifications?filter=unread&type=sale:created", "/nowhere"):
        await ana.goto(path)
        await is_live(ana)
        await is_accessible(ana)
    await ana.locator(".person summary").click()
    await is_accessible(ana)
    await ana.keyboard.press("Escape")
    await post(db, SAMPLES[0], SAMPLES[2])
    await expect(ana.locator(".toast")).to_have_count(2)
    await is_accessible(ana)
    await ana.locator("#bell").click()
    await expect(ana.locator("#latest .row")).to_have_count(5)
    await is_accessible(ana)


async def test_the_worker_and_the_pages_keep_their_policies(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    ana = await visit(cast.ana_admin)
    async with ana.expect_request("**/live.js*"):
        await ana.reload()
    source = await ana.locator("script[src*='live.js']").get_attribute("src")
    worker = await ana.request.get(f"{site.url}{source}")
    assert worker.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert "immutable" in worker.headers["cache-control"]
    await is_live(ana)  # and a console without complaints, seen to by `visit`
