"""Networks and browsers that people have: streams held back, no SharedWorker, hidden tabs."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Route, expect

from campana import inbox, sessions
from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, beside, connection, finds, is_live, watched
from tests.browser.proxy import buffering_proxy
from tests.browser.site import Site
from tests.cast import Cast
from tests.conftest import signed_in
from tests.corridor.conftest import Publish
from tests.post import post
from tests.waiting import eventually

pytestmark = IN_BROWSERS

IMPATIENT = {"firstByte": 400, "backoffBase": 50, "backoffLeast": 10}

# What a browser does when another tab comes to the front; headless ones show all of theirs.
HIDE = """isHidden => {
  Object.defineProperty(document, 'hidden', { get: () => isHidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


# Every word that the connection is given, and whether it was away, however soon it was back.
LISTEN = """() => {
  window.states = [];
  const words = document.querySelector('.live-words');
  const hear = () => states.push(words.textContent);
  new MutationObserver(hear).observe(words, { childList: true });
  const live = document.getElementById('live');
  const note = () => { window.wasAway ||= live.dataset.state !== 'live'; };
  new MutationObserver(note).observe(live, { attributes: true });
}"""
NO_WORKERS = "delete window.SharedWorker;"
SILENT_WORKERS = """
window.made = 0;
window.SharedWorker = class {
  port = { postMessage() {} };
  constructor() { made += 1; }
};
"""


async def test_behind_a_proxy_that_holds_streams_back_it_polls_and_says_so(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    async with buffering_proxy(site.port) as url:
        ana = await visit(cast.ana_admin, base_url=url, timings=IMPATIENT | {"poll": 1000})
        await expect(connection(ana)).to_have_text("Actualizando cada 1 s")
        await eventually(lambda: site.streams == 0)
        await publish(title="Con retraso")
        await expect(badge(ana)).to_have_text("1")
        row = ana.locator(".row")
        await expect(row).to_have_count(1)
        await row.hover()
        await row.get_by_role("button", name="Marcar como leída").click()
        await expect(ana.locator("#bell-badge")).to_be_hidden()


async def test_who_polls_is_told_how_often_and_looks_again_at_once_when_somebody_comes_back(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    async with buffering_proxy(site.port) as url:
        ana = await visit(cast.ana_admin, ELSEWHERE, base_url=url, timings=IMPATIENT)
        await expect(connection(ana)).to_have_text("Actualizando cada 30 s")
        event = await publish(title="No hace falta esperar")
        await _comes_back_until_it_rings(ana)
        assert (await watched(ana))["heard"] == [str(event)]
        await expect(ana.locator(".toast-title")).to_have_text("No hace falta esperar")


async def test_without_a_shared_worker_each_tab_connects_itself(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    ana, tab = await _two_tabs_without_worker(visit, cast)
    await eventually(lambda: site.streams == 2)
    await publish(title="Directa")
    for page in (ana, tab):
        await expect(badge(page)).to_have_text("1")
        await expect(page.locator(".row")).to_have_count(1)


async def test_what_was_read_elsewhere_while_it_was_away_is_seen_on_return(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    read, _unread = await post(db, {"title": "Leída en el móvil"}, {"title": "Sin leer"})
    ana = await is_live(await visit(cast.ana_admin, timings={"backoffBase": 100}))
    await expect(ana.locator(".row-unread")).to_have_count(2)
    await site.stop()
    phone = await sessions.find(db, await signed_in(db, cast.ana_admin))
    assert phone
    await inbox.apply(db, phone.person, inbox.read, [read])
    await site.start()
    await expect(badge(ana)).to_have_text("1")
    await expect(ana.locator(f"#n-{read}.row-unread")).to_have_count(0)


async def test_a_script_that_comes_late_has_missed_nothing(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await visit(cast.ana_admin, ELSEWHERE)

    async def slowly(route: Route) -> None:
        await ana.wait_for_timeout(500)
        await route.continue_()

    await ana.route("**/campana.js*", slowly)
    await publish(title="Entre dos páginas")
    await expect(badge(ana)).to_have_text("1")
    await ana.reload()
    await expect(connection(ana)).to_have_text("Tiempo real")


async def test_a_worker_that_never_answers_is_done_without(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await visit(cast.ana_admin, script=SILENT_WORKERS, timings={"answer": 100})
    await is_live(ana)
    assert await ana.evaluate("made") == 3
    await publish(title="Aun así")
    await expect(badge(ana)).to_have_text("1")


async def test_a_hidden_tab_without_a_worker_holds_no_connection_and_catches_up(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    ana, tab = await _two_tabs_without_worker(visit, cast)
    await eventually(lambda: site.streams == 2)
    await tab.evaluate(HIDE, True)
    await eventually(lambda: site.streams == 1)

    event = await publish(title="Mientras nadie mira")
    await expect(badge(ana)).to_have_text("1")
    await expect(tab.locator("#bell-badge")).to_be_hidden()
    await tab.evaluate(HIDE, False)
    await expect(badge(tab)).to_have_text("1")
    await expect(tab.locator(".row")).to_have_count(1)
    assert (await watched(tab))["heard"] == [str(event)]
    assert site.streams == 2


async def test_a_hidden_tab_with_a_worker_counts_on_but_fetches_nothing(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/sales"))
    shown = await is_live(await beside(ana, "/sales"))
    await ana.evaluate(HIDE, True)
    asked: list[str] = []
    ana.on("request", lambda request: asked.append(request.resource_type))
    async with shown.expect_response("**/sales/list"):
        await publish(title="Una venta")
    await expect(badge(ana)).to_have_text("1")
    assert "fetch" not in asked

    async with ana.expect_response("**/sales/list"):
        await ana.evaluate(HIDE, False)


async def test_a_frozen_tab_catches_up(visit: Visit, publish: Publish, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    tab = await is_live(await beside(ana))
    lifecycle = await tab.context.new_cdp_session(tab)
    await lifecycle.send("Page.setWebLifecycleState", {"state": "frozen"})
    await publish(title="En el hielo")
    await expect(badge(ana)).to_have_text("1")
    await lifecycle.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(badge(tab)).to_have_text("1")
    await expect(tab.locator(".row")).to_have_count(1)


async def test_a_connection_that_heals_soon_is_not_worth_a_word(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE, timings={"backoffBase": 100}))
    await expect(connection(ana)).to_have_text("Tiempo real")
    await ana.evaluate(LISTEN)
    site.cut()
    await finds(ana, "window.wasAway")
    await publish(title="Mientras tanto")
    await expect(badge(ana)).to_have_text("1")
    assert await ana.evaluate("states") == ["Tiempo real"]


@pytest.mark.parametrize(("status", "words"), [(410, "Desconectado"), (401, "Sesión terminada")])
async def test_a_server_that_says_no_is_asked_no_more(
    visit: Visit, cast: Cast, status: int, words: str
) -> None:
    quickly = {"backoffBase": 1, "backoffLeast": 1}
    ana = await is_live(await visit(cast.ana_admin, script=NO_WORKERS, timings=quickly))
    asked: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=status)

    await ana.route("**/stream?*", refuse)
    await ana.reload()
    await expect(connection(ana)).to_have_text(words)
    await ana.wait_for_timeout(500)  # more than a hundred tries would fit in here
    assert len(asked) == 1


async def _two_tabs_without_worker(visit: Visit, cast: Cast) -> tuple[Page, Page]:
    ana = await visit(cast.ana_admin, script=NO_WORKERS)
    tab = await beside(ana)
    return await is_live(ana), await is_live(tab)


async def _comes_back_until_it_rings(page: Page) -> None:
    async def rings() -> bool:
        await page.evaluate("dispatchEvent(new Event('online'))")
        return bool((await watched(page))["heard"])

    await eventually(rings, seconds=10)
