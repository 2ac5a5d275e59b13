"""Pages in the colours and letters that their readers chose."""

from __future__ import annotations

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.axe import fits
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import NARROW, SAMPLES, STAYING
from tests.cast import Cast
from tests.post import post

pytestmark = IN_BROWSERS


async def test_letters_twice_as_large_fit_a_phone(visit: Visit, db: Database, cast: Cast) -> None:
    await post(db, *SAMPLES, *STAYING)
    phone = {"viewport": {"width": NARROW, "height": 740}}
    for member, paths in (
        (None, ("/login",)),
        (cast.ana_admin, ("/notifications", "/sales", "/checkout", "/nowhere")),
    ):
        page = await visit(member, paths[0], **phone)
        settings = await page.context.new_cdp_session(page)
        await settings.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        for path in paths:
            await page.goto(path)
            await expect(page.locator("html")).to_have_css("font-size", "32px")
            await fits(page)
        if member is None:
            continue
        await page.goto("/sales")
        await expect(page.locator(".nav [aria-current]")).to_be_in_viewport(ratio=0.9)
        await page.locator(".person summary").click()
        await expect(page.locator(".menu-body")).to_be_visible()
        await fits(page)


async def test_in_the_colours_of_the_reader_what_is_unread_or_chosen_is_still_marked(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *SAMPLES)
    ana = await visit(cast.ana_admin, forced_colors="active")
    marks = "getComputedStyle(document.querySelector('.row-unread'), '::before').backgroundColor"
    assert await ana.evaluate(marks) == await ana.evaluate(COLOUR, "Highlight")
    chosen = ana.locator(".tab[aria-current]")
    await expect(chosen).to_have_css("outline-style", "solid")
    others = ana.locator(".tab:not([aria-current])").first
    await expect(others).to_have_css("border-bottom-style", "none")


COLOUR = """name => {
  const sample = document.body.appendChild(document.createElement('i'));
  sample.style.color = name;
  const { color } = getComputedStyle(sample);
  sample.remove();
  return color;
}"""
