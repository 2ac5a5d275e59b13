"""Reading the list and the panel while more arrives; language, theme and policies."""

from __future__ import annotations

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import PublishAll, Visit
from tests.browser.pages import ELSEWHERE, beside, is_live, speak
from tests.browser.site import Site
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import post

pytestmark = IN_BROWSERS


async def test_the_panel_shows_what_comes_while_it_is_open(
    visit: Visit, publish_all: PublishAll, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await ana.locator("#bell").click()
    await expect(ana.get_by_text("Todavía nada")).to_be_visible()
    await publish_all({"title": "Recién llegada"})
    await expect(ana.locator("#latest .row-title")).to_contain_text(["Recién llegada"])
    await expect(ana.locator(".toast")).to_have_count(0)


async def test_what_is_being_read_does_not_move(
    visit: Visit, publish_all: PublishAll, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Primera"})
    ana = await is_live(await visit(cast.ana_admin))
    row = ana.locator(".row")
    await row.hover()
    place = await row.bounding_box()
    await publish_all({"title": "Segunda"}, {"title": "Tercera"})
    waiting = ana.get_by_role("button", name="2 notificaciones nuevas")
    await expect(waiting).to_be_visible()
    await expect(row).to_have_count(1)
    assert await row.bounding_box() == place
    await waiting.click()
    await expect(ana.locator(".row")).to_have_count(3)
    await expect(waiting).to_be_hidden()


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


async def test_the_chosen_language_is_spoken_by_the_stream_too(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    spanish = await is_live(await visit(cast.ana_admin, ELSEWHERE))  # keeps its worker alive
    english = await is_live(await speak(await beside(spanish, ELSEWHERE), "en"))
    await publish(title="Hola")
    for page, badge_text, close in (
        (english, "1 unread", "Close"),
        (spanish, "1 sin leer", "Cerrar"),
    ):
        await expect(page.locator("#bell-badge .vh")).to_have_text(badge_text)
        await expect(page.locator(".toast").get_by_role("button", name=close)).to_be_visible()


async def test_the_worker_and_the_pages_keep_their_policies(
    visit: Visit, site: Site, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin))  # `visit` hears its complaints
    source = await ana.locator("script[src*='live.js']").get_attribute("src")
    worker = await ana.request.get(f"{site.url}{source}")
    assert worker.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert "immutable" in worker.headers["cache-control"]
    page = await ana.request.get(f"{site.url}/notifications")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
