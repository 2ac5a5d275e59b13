"""An announcement is written, corrected and withdrawn, and whoever looks on sees it happen."""

from __future__ import annotations

import itertools

from playwright.async_api import expect

from tests.browser import IN_BROWSERS
from tests.browser.axe import is_accessible
from tests.browser.conftest import Visit
from tests.browser.pages import badge, is_live, speak
from tests.browser.test_accessibility import AXES, LOOKS
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


async def test_axe_finds_nothing_in_announcements_types_and_a_person_s_data(
    visit: Visit, cast: Cast
) -> None:
    looks = itertools.cycle(LOOKS["es"])
    ana = await speak(await visit(cast.ana_admin, **AXES), "es")
    for path in (
        "/announcements",
        "/announcements/new?several=true",
        "/types",
        f"/people/{cast.rosa_colleague.id}/privacy",
    ):
        await ana.goto(f"/admin{path}")
        await is_accessible(ana, next(looks))
    await ana.goto("/admin/announcements/new")
    await ana.get_by_role("button", name="Enviar").click()
    await expect(ana.locator("[aria-invalid]").first).to_be_visible()
    await is_accessible(ana, next(looks))
    await ana.get_by_label("Título").fill("Cerramos a las tres")
    await ana.get_by_role("button", name="Enviar").click()
    await expect(ana.locator("#announcement_state")).to_be_visible()
    await is_accessible(ana, next(looks))

    await ana.goto("/admin/types/new")
    await ana.get_by_label("Nombre para programas").fill("card:sold")
    await ana.locator("#title_es").fill("Tarjeta: {total:money} {")
    await expect(ana.locator("#preview .error")).to_contain_text("Sobra una llave")
    await is_accessible(ana, next(looks))
    await ana.locator("#title_es").fill("Tarjeta: {total:money}")
    await ana.locator("#sample").fill('{"total": 25}')
    await expect(ana.locator("#preview")).to_contain_text("Tarjeta: $25.00")
    await ana.get_by_role("button", name="Crear tipo").click()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Card: sold")
    await is_accessible(ana, next(looks))
