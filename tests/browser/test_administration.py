"""An administrator at work: what she decides counts at once, and the pages are for everybody."""

from __future__ import annotations

import itertools

import pytest
from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.axe import is_accessible
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, connection, is_live, speak
from tests.browser.test_accessibility import AXES, LOOKS
from tests.cast import Cast
from tests.handlers.test_access import a_key_of, an_issuer_of

pytestmark = IN_BROWSERS


@pytest.mark.usefixtures("without_sweeps")
async def test_a_seller_with_a_new_role_is_out_at_once(visit: Visit, cast: Cast) -> None:
    luis = await is_live(await visit(cast.luis_colleague, ELSEWHERE))
    ana = await is_live(await visit(cast.ana_admin))
    await ana.get_by_role("link", name="Administración").click()
    await ana.get_by_role("link", name="Personas").click()
    await ana.get_by_label("Nombre o correo").fill("luis")
    await expect(ana.locator("#people tbody tr")).to_have_count(1)
    await ana.get_by_role("link", name="Luis Colega").click()
    await ana.get_by_label("Rol").select_option("COOK")
    await ana.get_by_role("button", name="Guardar").click()
    await expect(connection(luis)).to_have_text("Sesión terminada")
    await expect(ana.locator(".flash-success")).to_contain_text("El nuevo rol cuenta desde ya")
    await luis.reload()
    await expect(luis.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")


async def test_axe_finds_nothing_in_administration(visit: Visit, db: Database, cast: Cast) -> None:
    """Light and dark, wide and narrow by turns: the pages share their pieces."""
    looks = itertools.cycle(LOOKS["es"])
    await a_key_of(db, cast.norte)
    issuer = await an_issuer_of(db, cast.norte)
    ana = await speak(await visit(cast.ana_admin, **AXES), "es")
    for path in (
        "",
        "/people",
        f"/people/{cast.rosa_colleague.id}",
        f"/people/{cast.ines_inactive.id}",
        "/roles",
        "/roles/COOK",
        "/branches",
        "/keys",
        f"/issuers/{issuer}",
        "/issuers",
        "/settings",
        "/attention",
        "/audit",
    ):
        await ana.goto(f"/admin{path}")
        await is_accessible(ana, next(looks))
    await ana.goto("/admin/people/new")
    await ana.locator("#main button.button-primary").click()
    await expect(ana.locator("[aria-invalid]").first).to_be_visible()
    await is_accessible(ana, next(looks))
    await ana.locator("#email").fill("nina@norte.test")
    await ana.locator("#name").fill("Nina")
    await ana.locator("#role").select_option("STAFF")
    await ana.locator("#main button.button-primary").click()
    link = await ana.locator("#secret").input_value()
    await is_accessible(ana, next(looks))
    nina = await visit(None, link, **AXES)
    await is_accessible(nina, next(looks))
