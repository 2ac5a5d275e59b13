"""The panel that the bell opens: quick, calm while somebody reads, honest when something fails."""

from __future__ import annotations

from playwright.async_api import Locator, Page, Route, expect

from campana import inbox, sessions
from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.axe import Look, is_accessible
from tests.browser.conftest import PublishAll, Visit
from tests.browser.pages import ELSEWHERE, badge, is_live
from tests.cast import Cast
from tests.conftest import signed_in
from tests.corridor.conftest import Publish
from tests.post import post

pytestmark = IN_BROWSERS


async def test_it_shows_the_last_five_and_goes_on_from_there_by_keyboard(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Número {number}"} for number in range(30)])
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await ana.locator("#bell").focus()  # what it will show is asked for now
    await expect(ana.locator("#latest .row")).to_have_count(5)
    assert await _opens_at_once(ana)
    panel = ana.get_by_role("dialog", name="Notificaciones")
    await expect(panel.get_by_role("heading", name="Notificaciones")).to_be_focused()

    await panel.get_by_role("link", name="Mostrar más").press("Enter")
    await expect(panel.locator(".row")).to_have_count(25)
    await expect(panel.locator(".row-link").nth(5)).to_be_focused()
    await panel.get_by_role("link", name="Mostrar más").press("Enter")
    await expect(panel.locator(".row")).to_have_count(30)
    await expect(panel.get_by_role("link", name="Mostrar más")).to_have_count(0)
    await expect(panel.get_by_role("link", name="Ver todas")).to_have_attribute(
        "href", "/notifications"
    )
    await ana.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(ana.locator("#bell")).to_be_focused()


async def test_what_is_being_read_in_it_stays_where_it_is(
    visit: Visit, publish_all: PublishAll, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Vieja {number}"} for number in range(5)])
    ana = await _with_open_panel(visit, cast)
    row = ana.locator("#latest .row", has_text="Vieja 2")
    await row.hover()
    place = await row.bounding_box()
    await publish_all({"title": "Una"}, {"title": "Otra"})
    pill = ana.locator("#panel").get_by_role("button", name="2 notificaciones nuevas")
    await expect(pill).to_be_visible()
    await expect(ana.get_by_role("button", name="Marcar 5 como leídas")).to_be_visible()
    assert await row.bounding_box() == place

    await pill.click()
    await expect(ana.locator("#latest .row")).to_have_count(5)
    await expect(ana.locator("#latest .row-title").first).to_contain_text("Otra")
    await expect(ana.get_by_role("button", name="Marcar 7 como leídas")).to_be_visible()
    await expect(ana.locator("#panel-title")).to_be_focused()


async def test_only_what_is_unread_and_marking_what_was_seen(
    visit: Visit, db: Database, cast: Cast
) -> None:
    read, *_unread = await post(db, {"title": "Leída"}, {"title": "Una"}, {"title": "Otra"})
    await _elsewhere(db, cast, inbox.read, read)
    ana = await _with_open_panel(visit, cast)
    await expect(ana.locator("#latest .row")).to_have_count(3)
    await ana.locator("#panel").get_by_role("link", name="Sin leer").click()
    await expect(ana.locator("#latest .row")).to_have_count(2)
    await ana.get_by_role("button", name="Marcar 2 como leídas").click()
    await expect(ana.get_by_text("Todo al día")).to_be_visible()
    done = ana.get_by_role("button", name="Todo leído")
    await expect(done).to_have_attribute("aria-disabled", "true")
    await expect(done).to_be_focused()
    await expect(ana.locator("#bell-badge")).to_be_hidden()


async def test_what_was_deleted_comes_back_by_keyboard(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Primera"}, {"title": "Segunda"}, {"title": "Tercera"})
    ana = await _with_open_panel(visit, cast)
    await expect(ana.locator("#latest .row")).to_have_count(3)
    for key in ("j", "j", "#"):
        await ana.keyboard.press(key)
    await expect(ana.locator("#latest .row-title")).to_contain_text(["Tercera", "Primera"])
    await expect(_row(ana, "Primera").locator(".row-link")).to_be_focused()
    await expect(badge(ana)).to_have_text("2")

    undo = ana.get_by_role("button", name="Deshacer")
    await expect(undo).to_be_visible()
    await ana.keyboard.press("F8")
    await expect(undo).to_be_focused()
    await ana.keyboard.press("Enter")
    await expect(ana.locator("#latest .row")).to_have_count(3)
    await expect(ana.locator("#announcer")).to_have_text("Notificación recuperada")
    await expect(undo).to_have_count(0)
    await expect(ana.locator("#panel")).to_be_visible()
    await expect(badge(ana)).to_have_text("3")


async def test_a_click_shows_at_once_and_is_taken_back_when_it_fails(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Terca"})
    ana = await _with_open_panel(visit, cast)
    row = _row(ana, "Terca")
    await row.hover()
    answers: list[Route] = []

    async def hold(route: Route) -> None:
        answers.append(route)

    await ana.route("**/read", hold)
    async with ana.expect_request("**/read"):
        await row.get_by_role("button", name="Marcar como leída").click()
    await expect(row).not_to_contain_class("row-unread")
    await answers[0].abort()
    await expect(row).to_contain_class("row-unread")
    await expect(ana.locator(".toast-failure")).to_contain_text("No hay conexión")
    await expect(ana.locator("#announcer")).to_contain_text("No hay conexión")
    await expect(row.get_by_role("button", name="Marcar como leída")).to_be_focused()


async def test_what_was_done_elsewhere_is_said(visit: Visit, db: Database, cast: Cast) -> None:
    (gone,) = await post(db, {"title": "Ya no está"})
    ana = await visit(cast.ana_admin, ELSEWHERE, script="delete window.SharedWorker;")
    await ana.route("**/stream?*", lambda route: route.abort())  # it hears of nothing
    await ana.reload()
    await ana.locator("#bell").click()
    row = _row(ana, "Ya no está")
    await expect(row).to_be_visible()
    await _elsewhere(db, cast, inbox.delete, gone)
    await row.hover()
    await row.get_by_role("button", name="Marcar como leída").click()
    await expect(row).to_have_count(0)
    await expect(ana.locator(".toast-failure")).to_contain_text("se eliminó en otro lugar")


async def test_a_list_that_cannot_be_had_says_so_and_is_asked_for_again(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await publish(title="Está ahí")

    async def refuse(route: Route) -> None:
        await route.abort()

    await ana.route("**/notifications/latest?*", refuse)
    await ana.locator("#bell").click()
    problem = ana.locator("#panel-problem")
    await expect(problem).to_contain_text("No hay conexión.")
    await ana.unroute("**/notifications/latest?*", refuse)
    await problem.get_by_role("button", name="Reintentar").click()
    await expect(_row(ana, "Está ahí")).to_be_visible()
    await expect(problem).to_be_hidden()


async def test_axe_finds_nothing_in_the_panel_and_the_list_of_keys(
    visit: Visit, publish: Publish, db: Database, cast: Cast
) -> None:
    looks = Look("light", 1280), Look("dark", 360)
    await post(db, *[{"title": f"Número {number}"} for number in range(7)])
    ana = await _with_open_panel(visit, cast, bypass_csp=True)
    await ana.keyboard.press("j")
    await ana.keyboard.press("#")
    await publish(title="Nueva")
    await expect(ana.locator("#panel .arrivals")).to_be_visible()
    await expect(ana.get_by_role("button", name="Deshacer")).to_be_visible()
    await is_accessible(ana, *looks)
    await ana.keyboard.press("Escape")
    await ana.keyboard.press("Escape")
    await ana.locator("#main").focus()
    await ana.keyboard.press("?")
    await expect(ana.get_by_role("dialog", name="Atajos de teclado")).to_be_visible()
    await is_accessible(ana, *looks)


async def _with_open_panel(visit: Visit, cast: Cast, **options: bool) -> Page:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE, **options))
    await ana.locator("#bell").click()
    await expect(ana.locator("#latest .row").first).to_be_visible()
    return ana


async def _opens_at_once(page: Page) -> bool:
    """The press itself shows the panel with its rows: nothing is waited for, no answer either."""
    is_shown: bool = await page.evaluate("""() => {
      bell.click();
      return panel.matches(':popover-open') && panel.querySelector('.row').checkVisibility();
    }""")
    return is_shown


def _row(page: Page, title: str) -> Locator:
    return page.locator("#latest .row", has_text=title)


async def _elsewhere(db: Database, cast: Cast, verb: inbox.Verb, *ids: object) -> None:
    phone = await sessions.find(db, await signed_in(db, cast.ana_admin))
    assert phone
    await inbox.apply(db, phone.person, verb, list(ids))
