"""An administrator changes what a role may do while its people have pages open."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import beside, is_live
from tests.cast import Cast

pytestmark = IN_BROWSERS


async def let_administer(ana: Page, role: str, *, may: bool) -> None:
    await ana.goto(f"/admin/roles/{role}")
    await ana.locator("#administers").set_checked(may)
    await ana.get_by_role("button", name="Guardar").click()
    await expect(ana.locator(".flash-success")).to_be_visible()


async def test_open_pages_notice_rights_that_come_and_go(visit: Visit, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/admin/roles"))
    luis = await is_live(await visit(cast.luis_colleague, "/sales/mine"))
    await let_administer(ana, "STAFF", may=True)
    said = "Tus permisos han cambiado."
    await expect(luis.get_by_role("status").filter(has_text=said)).to_be_visible()
    await luis.get_by_role("link", name="Vuelve a cargar esta página").click()
    await luis.get_by_role("link", name="Administración").click()
    await is_live(luis)
    selling = await is_live(await beside(luis, "/sales/new"))
    await selling.get_by_label("Cliente").fill("A medio escribir")

    await let_administer(ana, "STAFF", may=False)
    await expect(luis.get_by_role("heading", level=1)).to_have_text("Esto no es para ti")
    await expect(selling.locator("main .flash-info")).to_contain_text(said)
    await expect(selling.get_by_label("Cliente")).to_have_value("A medio escribir")
