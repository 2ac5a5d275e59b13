"""Browsers whose clock is wrong by a day, or set while they are open: the server's clock counts."""

from __future__ import annotations

import gzip

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, beside, is_live, watched
from tests.browser.site import Change, Site
from tests.browser.test_networks import NO_WORKERS
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import backdate, post

pytestmark = IN_BROWSERS

DAY = 24 * 60  # minutes
# A clock that is wrong by `clockIsWrongBy` milliseconds, which may change.
WRONG = """
globalThis.clockIsWrongBy = %d;
globalThis.Date = class extends Date {
  static now() { return super.now() + clockIsWrongBy; }
  constructor(...given) { given.length ? super(...given) : super(Date.now()); }
};
"""
QUICKLY = {"backoffBase": 200, "backoffMost": 400, "check": 50}


@pytest.mark.parametrize("days", [1, -1])
async def test_a_clock_that_is_wrong_by_a_day_changes_nothing(
    visit: Visit, publish: Publish, db: Database, site: Site, cast: Cast, days: int
) -> None:
    wrong = WRONG % (days * DAY * 60_000)
    await site.restart(_worker_begins_with(wrong))
    await _post_old(db, "De anteayer", 2 * DAY)
    await _post_old(db, "De hace un rato", 5)
    ana = await is_live(await visit(cast.ana_admin, script=wrong, timings=QUICKLY))
    elsewhere = await is_live(await beside(ana, ELSEWHERE))
    assert abs(await ana.evaluate("Date.now() - performance.now() - performance.timeOrigin")) > 8e7
    await expect(ana.locator(".row-time")).to_have_text(["hace 5 min", "hace 2 d"])

    await publish(title="Nueva")
    await expect(elsewhere.locator(".toast-title")).to_have_text("Nueva")
    await expect(ana.locator(".row-time").first).to_have_text("ahora mismo")
    await expect(ana.locator(".day h2").first).to_have_text("Hoy")
    await elsewhere.locator(".toast [data-dismiss]").click()
    await expect(elsewhere.locator(".toast")).to_have_count(0)

    await site.stop()
    await _post_old(db, "De antes", 5)
    await publish(title="De ahora")
    await site.start()
    for page in (ana, elsewhere):
        await expect(badge(page)).to_have_text("5")
        assert len((await watched(page))["heard"]) == 3
    await expect(elsewhere.locator(".toast-title")).to_have_text("De ahora")


@pytest.mark.parametrize("days", [1, -1])
async def test_a_clock_that_is_set_meanwhile_is_noticed(
    visit: Visit, publish: Publish, db: Database, cast: Cast, days: int
) -> None:
    await _post_old(db, "De hace un rato", 5)
    script = WRONG % 0 + NO_WORKERS
    ana = await is_live(await visit(cast.ana_admin, script=script, timings=QUICKLY))
    await expect(ana.locator(".row-time")).to_have_text("hace 5 min")
    await _set_clock(ana, days)
    await publish(title="Nueva")
    await expect(ana.locator(".row-time")).to_have_text(["ahora mismo", "hace 5 min"])
    await expect(badge(ana)).to_have_text("2")


async def test_after_midnight_the_headings_are_asked_for_again(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "De hoy"})
    ana = await is_live(await visit(cast.ana_admin, script=WRONG % 0))
    heading = ana.locator(".day h2")
    await heading.evaluate("heading => { heading.textContent = 'De ayer'; }")
    looked = "document.dispatchEvent(new Event('visibilitychange'))"
    await ana.evaluate(looked)
    await expect(heading).to_have_text("De ayer")
    await ana.evaluate(f"clockIsWrongBy = {DAY * 60_000}; {looked}")
    await expect(heading).to_have_text("Hoy")


async def _set_clock(page: Page, days: int) -> None:
    """Waits for the connection that the page makes then; the server tells it the time."""
    told = "new Promise(done => addEventListener('stream:hello', () => done(true)))"
    await page.evaluate(f"clockIsWrongBy = {days * DAY * 60_000}; {told}")


async def _post_old(db: Database, title: str, minutes: int) -> None:
    (event,) = await post(db, {"title": title})
    await backdate(db, event, minutes)


def _worker_begins_with(script: str) -> Change:
    """No script of a test runs in a shared worker, so its own file has to begin with it."""
    ahead = f"if (typeof document === 'undefined') {{ {script} }}\n".encode()

    async def change(request: web.Request, response: web.StreamResponse) -> None:
        if request.path != "/static/live.js" or not isinstance(response, web.Response):
            return
        response.body = ahead + gzip.decompress(response.body)  # type: ignore[arg-type]
        del response.headers["Content-Encoding"]
        response.headers["Content-Length"] = str(len(response.body))

    return change
