"""Whatever an event says is text: it is read, never run, and never breaks the page."""

from __future__ import annotations

import re

import asyncpg
import pytest
from playwright.async_api import Page, expect

from tests.browser import IN_BROWSERS
from tests.browser.axe import fits
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, beside, is_live, sell, watched
from tests.cast import Cast
from tests.corridor.conftest import Publish

pytestmark = IN_BROWSERS

CRACK = "document.documentElement.dataset.cracked='yes'"
HOSTILE = {
    "script": f"</p><script>{CRACK}</script>",
    "image": f'<img src=x onerror="{CRACK}">',
    "attribute": f'" autofocus onfocus="{CRACK}" x="',
    "end of a template": f"</template></article></section><svg onload={CRACK}>",
    "htmx": '<b hx-post="/logout" hx-trigger="load"></b><hx-partial hx-target="#main">',
    "placeholders": "{{ 7 * 7 }} {count} {title} %(count)s ${x} $& $1",
    "stream": 'data: {"count": 99} event: bye id: 9-9',
    "right to left": "\u202egnp.exe\u202c مرحبا 👩‍👩‍👧‍👦 \u2028 \ufeff",
}
LINES = "una\n\ndata: x\r\nevent: bye\r\n\r\notra"
WORDS = f"{HOSTILE['script']} {HOSTILE['image']} "
MESSAGE = (WORDS * 40)[:4000]
NO_LINK = re.compile(r"\burl\b|\blink\b", re.IGNORECASE)
UNBROKEN = "🎉W" * 2000


async def test_hostile_titles_are_text_everywhere(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    inbox = await is_live(await beside(ana))
    for count, title in enumerate(HOSTILE.values(), 1):
        event = await publish(title=title, message=LINES, priority="high")
        toast = ana.locator(f"#t-{event}")
        assert _plain(await toast.locator(".toast-title").inner_text()) == _plain(title)
        await toast.get_by_role("button", name="Cerrar").click()
        await expect(badge(ana)).to_have_text(str(count))
        row = inbox.locator(f"#n-{event} .row-link")
        assert _plain(await row.inner_text()) == _plain(title)

    await ana.locator("#bell").click()
    await expect(ana.locator("#latest .row")).to_have_count(5)
    await _is_unharmed(ana, inbox)
    await inbox.reload()
    await expect(inbox.locator(".row")).to_have_count(len(HOSTILE))
    await _is_unharmed(ana, inbox)


async def test_the_longest_messages_are_shown_whole_and_fit(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    small = {"viewport": {"width": 320, "height": 640}}
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE, **small))
    inbox = await is_live(await beside(ana))
    for message in (MESSAGE, UNBROKEN):
        event = await publish(title="W" * 200, message=message, variant="error")
        toast = ana.locator(f"#t-{event}")
        await expect(toast.locator(".toast-message")).to_have_text(message)
        await expect(toast).to_be_in_viewport()
        await fits(ana)
        await toast.get_by_role("button", name="Cerrar").click()
        await expect(inbox.locator(f"#n-{event} .row-message")).to_have_text(message)
    await fits(inbox)
    await _is_unharmed(ana, inbox)


async def test_hostile_labels_and_customers_are_text(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    label = "</a><script>document.title = 1</script>"
    await publish(title="Etiqueta", actions=[{"name": "x", "label": label, "url": "/sales"}])
    await expect(ana.locator(".toast .acts a")).to_have_text(label)

    customer = HOSTILE["script"]
    await sell(ana, customer)
    await expect(ana.locator(".sale-customer")).to_have_text(customer)
    await ana.goto("/sales")
    await expect(ana.locator("tr.sale")).to_contain_text(customer)
    luis = await visit(cast.luis_colleague)
    await sell(luis, HOSTILE["attribute"])
    await expect(ana.locator("tr.sale")).to_have_count(2)
    await ana.goto("/notifications?type=" + HOSTILE["attribute"])
    await _is_unharmed(ana)


async def test_links_that_would_run_are_refused_when_published(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    for url in (f"javascript:{CRACK}", "JaVaScRiPt:x", "data:text/html,x", "//evil.example"):
        with pytest.raises(asyncpg.PostgresError, match=NO_LINK):
            await publish(title="Enlace", url=url)
        with pytest.raises(asyncpg.PostgresError, match=NO_LINK):
            await publish(title="Botón", actions=[{"name": "x", "label": "x", "url": url}])
    event = await publish(title="Bueno", url="https://example.com/a")
    await expect(badge(ana)).to_have_text("1")
    assert (await watched(ana))["heard"] == [str(event)]


async def _is_unharmed(*pages: Page) -> None:
    """Nobody's script ran, nothing was added but text, and the page still listens."""
    for page in pages:
        assert await page.evaluate("document.documentElement.dataset.cracked") is None
        await expect(
            page.locator("body img, body b, body :is(main, section) svg[onload]")
        ).to_have_count(0)
        await expect(page.locator("#main")).to_have_count(1)
        await is_live(page)


def _plain(text: str) -> str:
    """As a browser shows it: gaps are one space, and what cannot be seen is not there."""
    return " ".join(text.replace("\ufeff", "").split())
