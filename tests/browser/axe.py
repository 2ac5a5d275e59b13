"""axe-core, the accessibility checker, on a page as it is now."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import axe_playwright_python
from playwright.async_api import Page

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
RUN = "axe.run({ resultTypes: ['violations'] })"
SMALLEST = 320
HEIGHT = 800


class Look(NamedTuple):
    """How a page is looked at."""

    theme: Literal["light", "dark"]
    width: int


async def is_accessible(page: Page, *looks: Look) -> None:
    """Nothing for axe to find in any of these looks, and nothing to scroll sideways for.

    The page's context asks for reduced motion, so that no colour is still on its way.
    """
    if not await page.evaluate("'axe' in window"):
        await page.add_script_tag(path=AXE)
    for look in looks:
        await page.emulate_media(color_scheme=look.theme)
        await page.set_viewport_size({"width": look.width, "height": HEIGHT})
        found = await page.evaluate(RUN)
        told = [
            (
                one["id"],
                one["impact"],
                [(node["target"], node["failureSummary"]) for node in one["nodes"]],
            )
            for one in found["violations"]
        ]
        assert not told, f"{page.url}, {look}: {told}"
        await fits(page)
    await page.set_viewport_size({"width": SMALLEST, "height": HEIGHT})
    await fits(page)
    await page.set_viewport_size({"width": looks[0].width, "height": HEIGHT})


async def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url
