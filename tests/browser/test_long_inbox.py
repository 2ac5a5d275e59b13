"""Somebody scrolls to the very first of 10,000 notifications: the page does not grow."""

from __future__ import annotations

import pytest
from playwright.async_api import CDPSession, Page

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.cast import Cast
from tests.post import post
from tests.waiting import eventually

pytestmark = [pytest.mark.prove, *IN_BROWSERS, pytest.mark.timeout(600)]

ALL = 10_000
AT_ONCE = 1_000
LOAD_MORE = "document.querySelector('#older a').click()"
LAST = "Number([...document.querySelectorAll('#inbox .row')].at(-1).dataset.seq)"


async def weight(cdp: CDPSession) -> dict[str, float]:
    """What the page holds after its rubbish is gone: MiB of objects, nodes, listeners."""
    await cdp.send("HeapProfiler.collectGarbage")
    found = {
        one["name"]: one["value"] for one in (await cdp.send("Performance.getMetrics"))["metrics"]
    }
    return {
        "heap": found["JSHeapUsedSize"] / 2**20,
        "nodes": found["Nodes"],
        "listeners": found["JSEventListeners"],
    }


async def is_full(db: Database, cast: Cast) -> bool:
    async with db.bus() as tx:
        head = "select seq from campana.inbox_head where tenant_id = $1 and user_id = $2"
        return bool(await tx.fetchval(head, cast.norte, cast.ana_admin.id) == ALL)


async def is_further(page: Page, last: int) -> bool:
    return bool(await page.evaluate(LAST) < last)


async def test_ten_thousand_notifications_are_scrolled_through_in_a_page_that_does_not_grow(
    visit: Visit, db: Database, cast: Cast
) -> None:
    for start in range(0, ALL, AT_ONCE):
        titles = [{"title": f"Venta {start + n + 1}"} for n in range(AT_ONCE)]
        await post(db, *[{"audience": "user:ana@norte.test", **title} for title in titles])
    await eventually(lambda: is_full(db, cast), 60)
    page = await visit(cast.ana_admin, "/notifications")
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Performance.enable")

    weights = {}
    while (last := await page.evaluate(LAST)) > 1:
        await page.evaluate(LOAD_MORE)
        await eventually(lambda last=last: is_further(page, last), 20)
        assert await page.locator("#inbox .row").count() <= 100
        if not weights and last < ALL - 1_000:
            weights["early"] = await weight(cdp)
    weights["late"] = await weight(cdp)

    assert weights["late"]["heap"] < weights["early"]["heap"] + 2
    assert weights["late"]["nodes"] < 1.3 * weights["early"]["nodes"]
    assert weights["late"]["listeners"] < 1.3 * weights["early"]["listeners"]
