"""An administrator locks a type: a seller sees it at once on the own page, with the reason."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser import IN_BROWSERS
from tests.browser.axe import is_accessible
from tests.browser.conftest import Visit
from tests.browser.pages import is_live, speak
from tests.browser.test_accessibility import AXES, LOOKS
from tests.cast import Cast

pytestmark = IN_BROWSERS

REASON = "El dinero no espera"
SOUND = "Venta nueva: Sonido"


async def test_a_lock_is_seen_at_once_with_its_reason(visit: Visit, cast: Cast) -> None:
    luis = await is_live(await visit(cast.luis_colleague, "/preferences"))
    switch = luis.get_by_role("button", name=SOUND, exact=True)
    await expect(switch).to_have_attribute("aria-pressed", "true")
    ana = await is_live(await visit(cast.ana_admin, "/admin/policy?layer=STAFF"))
    await ana.get_by_label(SOUND).select_option("Prohibido")
    await ana.locator("#policy_sales").get_by_role("button", name="Ver qué cambia").click()
    heading = ana.get_by_role("heading", name="Qué cambia para STAFF")
    await expect(heading).to_be_focused()
    await expect(ana.locator(".policy-way").first).to_contain_text("Cambia para 2 personas")
    await ana.get_by_label("Por qué está bloqueado").fill(REASON)
    await ana.get_by_role("button", name="Aplicar").click()
    await expect(ana.locator("#policy .flash-success")).to_be_focused()

    await expect(luis.locator("tr", has_text="Venta nueva")).to_contain_text("Lo impide tu rol")
    await expect(luis.locator("tr", has_text=REASON)).to_contain_text(f"Tu rol: {REASON}")
    await expect(switch).to_have_count(0)
    await ana.get_by_role("button", name="Deshacer").click()
    await expect(switch).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("language", LOOKS)
async def test_axe_finds_nothing_in_the_policy(visit: Visit, cast: Cast, language: str) -> None:
    ana = await speak(await visit(cast.ana_admin, **AXES), language)
    await ana.goto("/admin/policy")
    await is_accessible(ana, *LOOKS[language])
    await _preview_of_a_lock(ana)
    await is_accessible(ana, *LOOKS[language])
    await ana.locator("#policy button.button-primary").click()
    await expect(ana.locator("#policy .flash-success")).to_be_visible()
    await ana.goto("/admin/policy?layer=STAFF&every=true")
    await is_accessible(ana, *LOOKS[language])


async def _preview_of_a_lock(ana: Page) -> None:
    await ana.locator('[name="sale:created inbox"]').select_option("required")
    await ana.locator("#policy_sales button.button-primary").click()
    await expect(ana.locator("#reason")).to_be_visible()
