"""Event → badge: from before publish_event() to the changed badge in a real Chromium."""

import asyncio
import os
import shutil
import time
from array import array
from typing import TYPE_CHECKING

from bench import payload
from bench.campana import Campana, Publishers
from bench.generator import BenchError
from bench.latency import percentiles
from bench.process import MissingError

if TYPE_CHECKING:
    from playwright.async_api import Page, Playwright

PAUSE = 0.15  # seconds between events, about two a second with what they take
SEEN = """
window.seen = [];
const note = () => {
  const badge = document.getElementById("bell-badge");
  const count = badge ? Number(badge.dataset.count) : -1;
  if (!window.seen.length || window.seen.at(-1)[0] !== count) {
    window.seen.push([count, performance.timeOrigin + performance.now()]);
  }
};
new MutationObserver(note).observe(document, {
  subtree: true, childList: true, attributes: true, characterData: true
});
"""
COUNT = "Number(document.getElementById('bell-badge')?.dataset.count ?? -1)"


async def play(campana: Campana, events: int) -> dict[str, float]:
    """Milliseconds p50, p95, p99 and the worst of single events, after five to warm up."""
    try:
        from playwright.async_api import async_playwright
    except ImportError as error:
        raise MissingError("playwright is not installed") from error
    async with async_playwright() as playwright:
        page = await signed_in(playwright, campana)
        publishers = Publishers(campana.publisher_dsn, 1)
        await publishers.open()
        samples = array(
            "q",
            [await ring(page, publishers, campana.person(-1), at) for at in range(events + 5)][5:],
        )
        await publishers.close()
        await page.context.close()
    return percentiles(samples)


async def signed_in(playwright: "Playwright", campana: Campana) -> "Page":
    """A page of the last person, with its stream open."""
    try:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
    except Exception as error:
        raise MissingError(f"no Chromium: {str(error).splitlines()[0]}") from error
    page = await browser.new_page(base_url=f"http://127.0.0.1:{campana.port}")
    await page.add_init_script(SEEN)
    await page.goto("/login")
    form = page.locator("section.sign-in form")
    await form.locator("[name=email]").fill(campana.person(-1))
    await form.locator("[name=password]").fill("demo")
    await form.locator("button").click()
    await page.wait_for_selector("#bell-badge", state="attached")
    await asyncio.sleep(2)
    return page


async def ring(page: "Page", publishers: Publishers, email: str, at: int) -> int:
    """Nanoseconds from before publishing to the badge that counts one more."""
    before = await page.evaluate(COUNT)
    start = time.time()
    await publishers.publish(f"user:{email}", payload.title(at))
    changed = await seen_above(page, before)
    await asyncio.sleep(PAUSE)
    return round((changed - start * 1000) * 1e6)


async def seen_above(page: "Page", count: int) -> float:
    """When the badge first showed more, by the page's clock. (wait_for_function needs eval.)"""
    for _ in range(500):
        for shown, moment in await page.evaluate("window.seen"):
            if shown > count:
                return float(moment)
        await asyncio.sleep(0.01)
    raise BenchError(f"browser: the badge did not change from {count}")
