"""Pages for everybody: axe finds nothing, nothing scrolls sideways, both languages are whole."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.axe import Look, is_accessible
from tests.browser.conftest import PublishAll, Visit
from tests.browser.pages import ELSEWHERE, is_live, sell, sell_unseen, speak
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import post

pytestmark = IN_BROWSERS

LONG = "W" * 200
SAMPLES: list[dict[str, Any]] = [
    {"title": "T: sold", "message": "María · $12.50", "variant": "success", "url": "/sales"},
    {"title": "T: low", "type": "stock:low", "variant": "warning", "priority": "high"},
    {"title": "T: alert", "type": "system:alert", "variant": "error", "priority": "urgent"},
    {"title": LONG, "message": "مرحبا 🎉 " + "x" * 500},
]
ACTION = [{"name": "view", "label": "T: open", "url": "/sales"}]
STAYING = [sample | {"actions": ACTION} for sample in SAMPLES[:3]]

WIDE, NARROW = 1280, 360
LOOKS = {
    "es": (Look("light", WIDE), Look("dark", NARROW)),
    "en": (Look("dark", WIDE),),
}
AXES = {"bypass_csp": True}
"""What axe needs to be put into a page. That pages keep their policy, all other tests see."""


@pytest.mark.parametrize("language", LOOKS)
async def test_axe_finds_nothing_for_strangers_and_newcomers(
    visit: Visit, cast: Cast, language: str
) -> None:
    looks = LOOKS[language]
    nobody = await visit(None, "/login", locale=language, **AXES)
    await is_accessible(nobody, *looks)
    await nobody.locator("[name=email]").first.fill(cast.ana_admin.email)
    await nobody.locator("[name=password]").first.fill("wrong")
    await nobody.keyboard.press("Enter")
    await expect(nobody.get_by_role("alert")).to_be_visible()
    await is_accessible(nobody, *looks)

    eva = await speak(await visit(cast.eva_stranger, **AXES), language)
    for path in ("/notifications", "/notifications?filter=unread", "/sales", "/nowhere"):
        await eva.goto(path)
        await is_accessible(await is_live(eva), *looks)


@pytest.mark.parametrize("language", LOOKS)
async def test_axe_finds_nothing_in_any_component(visit: Visit, language: str) -> None:
    """Light and dark stand side by side there, so the theme of the page matters little."""
    nobody = await visit(None, "/design", locale=language, **AXES)
    await is_accessible(nobody, LOOKS[language][0])


@pytest.mark.parametrize("language", LOOKS)
async def test_axe_finds_nothing_where_much_has_happened(
    visit: Visit, publish_all: PublishAll, db: Database, cast: Cast, language: str
) -> None:
    looks = LOOKS[language]
    await post(db, *SAMPLES)
    ana = await speak(await visit(cast.ana_admin, **AXES), language)
    await is_accessible(await is_live(ana), *looks)
    await ana.locator(".person summary").click()
    await is_accessible(ana, *looks)

    await ana.goto(ELSEWHERE)
    await is_live(ana)
    await publish_all(*STAYING)
    await expect(ana.locator(".toast")).to_have_count(3)
    await is_accessible(ana, *looks)
    await ana.locator("#bell").click()
    await expect(ana.locator("#latest .row")).to_have_count(5)
    await is_accessible(ana, *looks)


@pytest.mark.parametrize("language", LOOKS)
async def test_axe_finds_nothing_at_the_counter(visit: Visit, cast: Cast, language: str) -> None:
    looks = LOOKS[language]
    luis = await visit(cast.luis_colleague, **AXES)
    await sell_unseen(luis, "W" * 120)
    await sell(luis, "María", "9999999999.99")
    await speak(luis, language)
    await luis.locator(".disclosure summary").click()
    await is_accessible(luis, *looks)
    await luis.goto("/sales/mine")
    await is_accessible(luis, *looks)
    await luis.goto("/checkout")
    await luis.locator("#main form button.button-primary").click()
    await expect(luis.locator("[aria-invalid]").first).to_be_visible()
    await is_accessible(luis, *looks)
    ana = await speak(await visit(cast.ana_admin, "/sales", **AXES), language)
    await is_accessible(ana, *looks)


# What no language changes: names, what publishers wrote, codes.
NAMES = {"Campana", "Comercial Norte", "Ana Admin", "ana@norte.test", "ADMIN · Comercial Norte"}
CODES = {
    "USD",
    "EUR",
    "GTQ",
    "HNL",
    "NIO",
    "CRC",
    "MXN",
    "Español",
    "English",
    "Total",
    "A",
    "Error 404",
}
TEXTS = """() => {
  const said = ['aria-label', 'title', 'placeholder', 'alt'];
  const found = [document.title];
  for (const element of document.querySelectorAll('body, body :not(kbd)')) {
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent);
    }
    found.push(...said.map(name => element.getAttribute(name)));
    if (element.matches('#words, #live')) found.push(...wordsOf(element));
  }
  const letters = /\\p{L}/u;
  const trimmed = found.filter(Boolean).map(text => text.trim().replace(/,$/, ''));
  return trimmed.filter(text => letters.test(text));

  function wordsOf({ dataset }) {
    const technical = ['url', 'tag', 'id', 'rev', 'worker', 'state', 'mode', 'shown', 'timings',
      'desktop'];
    return Object.keys(dataset).filter(key => !technical.includes(key)).map(key => dataset[key]);
  }
}"""


async def test_nothing_is_left_in_the_other_language(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    """Whatever reads the same in both was never translated."""
    for event_type in ("sale:created", "stock:low", "appointment:created", "order:ready"):
        await publish(type=event_type)
    await publish(type="system:alert", title="T: alert", priority="urgent")
    ana = await visit(cast.ana_admin)
    await sell(ana, "T: María")
    pages = ("/notifications", "/notifications?filter=unread&type=order:ready", "/sales",
             "/sales/new", "/checkout", ana.url, "/nowhere")  # fmt: skip
    said = {}
    for language in LOOKS:
        await speak(ana, language)
        said[language] = {path: await _texts(ana, path) for path in pages}
    same = {
        path: {text for text in said["es"][path] & said["en"][path] if not text.startswith("T: ")}
        - NAMES
        - CODES
        for path in pages
    }
    assert not {path: texts for path, texts in same.items() if texts}


async def _texts(page: Page, path: str) -> set[str]:
    await page.goto(path)
    await is_live(page)
    return set(await page.evaluate(TEXTS))
