"""The server leaves and comes back: told to (SIGTERM), or killed. Browsers lose nothing."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit, on_one_loop
from tests.browser.pages import ELSEWHERE, badge, beside, connection, is_live, watched
from tests.browser.site import Served
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import post

pytestmark = IN_BROWSERS

QUICKLY = {"backoffBase": 200, "backoffMost": 400}


@on_one_loop()
async def site(dsn: str) -> AsyncIterator[Served]:
    """In these stories, a process of its own."""
    served = Served(dsn)
    await served.start()
    yield served
    await served.end(signal.SIGKILL)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)])
async def test_what_happens_while_the_server_is_away_arrives_once(
    visit: Visit, publish: Publish, site: Served, cast: Cast, how: signal.Signals, code: int
) -> None:
    ana = await is_live(await visit(cast.ana_admin, timings=QUICKLY))
    pages = [ana, await is_live(await beside(ana, ELSEWHERE))]
    before = await publish(title="Antes")
    for page in pages:
        await expect(badge(page)).to_have_text("1")

    assert await site.end(how) == code
    meanwhile = [await publish(title=f"Mientras {number}") for number in range(12)]
    for page in pages:
        await expect(connection(page)).to_have_text("Reconectando…")
    await site.start()
    for page in pages:
        await expect(connection(page)).to_have_text("Tiempo real")
        await expect(badge(page)).to_have_text("13")
    await expect(ana.locator(".row")).to_have_count(13)

    after = await publish(title="Después")
    for page in pages:
        await expect(badge(page)).to_have_text("14")
        seen = await watched(page)
        assert seen["heard"] == [str(event) for event in (before, *meanwhile, after)]
        assert seen["toasts"] <= 3
    await expect(ana.locator(".row")).to_have_count(14)
    assert await _titles(ana) == [
        "Después", *[f"Mientras {number}" for number in reversed(range(12))], "Antes"
    ]  # fmt: skip


async def test_old_news_comes_back_without_noise(
    visit: Visit, db: Database, site: Served, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, timings=QUICKLY))
    elsewhere = await is_live(await beside(ana, ELSEWHERE))
    await site.end(signal.SIGKILL)
    await post(db, *[{"title": f"Vieja {number}"} for number in range(5)])
    await _let_time_pass(db)
    await site.start()
    for page in (ana, elsewhere):
        await expect(badge(page)).to_have_text("5")
    await expect(ana.locator(".row")).to_have_count(5)
    assert (await watched(elsewhere))["toasts"] == 0


async def _let_time_pass(db: Database) -> None:
    async with db.bus() as bus:
        await bus.execute("update campana.event set published_at = now() - interval '5 minutes'")


async def _titles(page: Page) -> list[str]:
    said = await page.locator(".row-title").all_inner_texts()
    return [title.removeprefix("Sin leer:").strip() for title in said]
