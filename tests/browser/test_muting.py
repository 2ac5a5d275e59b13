"""Muting what a notification is about, where it is read: by keyboard, seen on all its rows."""

from __future__ import annotations

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, is_live
from tests.cast import Cast
from tests.post import post

pytestmark = IN_BROWSERS


async def test_in_the_panel_by_keyboard_and_back(visit: Visit, db: Database, cast: Cast) -> None:
    order = {"type": "order:created", "subject": "order:7"}
    await post(db, {**order, "title": "Primera"}, {"title": "Otra"}, {**order, "title": "Segunda"})
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await ana.locator("#bell").press("Enter")
    panel = ana.locator("#panel")
    row = panel.locator(".row", has_text="Segunda")
    await row.get_by_role("button", name="Silenciar este pedido").press("Enter")

    muted = panel.get_by_role("button", name="Silenciado (Quitar silencio)")
    await expect(muted).to_have_count(2)
    await expect(row.get_by_role("button", name="Silenciado")).to_be_focused()
    await expect(panel.locator(".row", has_text="Otra").locator(".row-mute")).to_have_count(0)
    await expect(ana.locator("#announcer")).to_have_text("Silenciado: llega sin ruido.")

    await panel.get_by_role("button", name="Deshacer").press("Enter")
    await expect(muted).to_have_count(0)
    await expect(panel.get_by_text("Volverá a avisarte.")).to_be_visible()
    await expect(panel).to_be_visible()
