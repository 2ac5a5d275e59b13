"""axe-core, the accessibility checker, on a page as it is now."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.async_api import Page

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))


async def is_accessible(page: Page) -> None:
    """Nothing for axe to find, and nothing to scroll sideways for."""
    if not await page.evaluate("'axe' in window"):
        await page.add_script_tag(path=AXE)
    found = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
    told = [
        (one["id"], one["impact"], [node["target"] for node in one["nodes"]])
        for one in found["violations"]
    ]
    assert not told, f"{page.url}: {told}"
    await fits(page)


async def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url
