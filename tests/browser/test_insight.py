"""An administrator finds out what happened: the log, why, who is connected, statistics."""

from __future__ import annotations

import itertools

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.axe import is_accessible
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, is_live, speak
from tests.browser.test_accessibility import AXES, LOOKS
from tests.cast import Cast
from tests.post import post

pytestmark = IN_BROWSERS


async def test_why_explains_both_to_the_administrator_and_the_seller(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Para todos"}, {"title": "Solo Ana", "audience": "role:ADMIN"})
    luis = await is_live(await visit(cast.luis_colleague, ELSEWHERE))
    looks = itertools.cycle(LOOKS["es"])
    ana = await speak(await visit(cast.ana_admin, "/admin/log", **AXES), "es")
    await ana.get_by_label("¿Le llegó a …? (correo)").fill(cast.luis_colleague.email)
    await ana.keyboard.press("Enter")
    rows = ana.locator("#log tbody tr")
    await expect(rows.locator(".state")).to_have_text(["No le llegó", "Le llegó"])
    await is_accessible(ana, next(looks))
    await rows.first.get_by_role("link", name="¿Por qué?").click()
    await expect(ana.locator("#verdict")).to_have_text(
        "La audiencia (role:ADMIN) no nombra ahora a esta persona."
    )
    await is_accessible(ana, next(looks))
    await ana.get_by_role("link", name="Solo Ana").click()
    await expect(ana.locator("#recipients tbody tr")).to_have_count(1)
    await is_accessible(ana, next(looks))

    await luis.goto("/notifications")
    await luis.get_by_role("link", name="enviada a todos").click()
    await expect(luis.locator("#verdict")).to_have_text("Para todos")
    await expect(luis.locator(".why-step").first).to_be_visible()

    await ana.goto("/admin/connections")
    his = ana.locator("#connections tbody tr", has_text="Luis Colega")
    await expect(his.first).to_be_visible()
    await is_accessible(ana, next(looks))
    await ana.goto("/admin/statistics?span=day")
    await expect(ana.locator(".chart svg")).to_have_count(6)
    await ana.locator("#chart-events summary").click()
    await expect(ana.locator("#chart-events tbody tr")).to_have_count(24)
    await is_accessible(ana, next(looks))
