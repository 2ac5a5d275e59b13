"""An announcement is written, corrected and withdrawn, and whoever looks on sees it happen."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import badge, is_live
from tests.cast import Cast

pytestmark = IN_BROWSERS


async def test_open_pages_follow_an_announcement_to_its_end(visit: Visit, cast: Cast) -> None:
    luis = await is_live(await visit(cast.luis_colleague, "/notifications"))
    ana = await visit(cast.ana_admin, "/admin/announcements/new")
    await ana.get_by_label("Título").fill("Cerramos a las tres")
    await ana.get_by_label("Para quién").fill("role:STAFF | role:COOK")
    await expect(ana.locator("#count")).to_contain_text("3 personas ahora")
    await ana.get_by_role("button", name="Enviar").click()
    await expect(ana.locator("#announcement_state")).to_contain_text("Enviado a 3")
    await expect(luis.locator("#main .row-title")).to_contain_text("Cerramos a las tres")
    await expect(badge(luis)).to_have_text("1")

    await ana.get_by_label("Título").fill("Cerramos a las cuatro")
    await ana.get_by_role("button", name="Corregir").click()
    await expect(luis.locator("#main .row-title")).to_contain_text("Cerramos a las cuatro")
    await expect(luis.locator("#main .row")).to_have_count(1)
    await expect(badge(luis)).to_have_text("1")

    await ana.get_by_role("button", name="Retirarlo").click()
    await expect(ana.locator("#announcement_state")).to_contain_text("Retirado")
    await expect(luis.locator("#main .row")).to_have_count(0)
    await expect(badge(luis)).to_be_hidden()
