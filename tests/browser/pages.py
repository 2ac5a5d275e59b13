"""What tests see of a page, and what they do to one."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from playwright.async_api import Locator, Page, expect

from tests.waiting import eventually

ELSEWHERE = "/sales/new"
"""A page that shows no notifications by itself: toasts come here."""

# Kept from the first moment on: what this page was told of, when its badge changed, how many
# toasts there were at once, what it announced.
WATCH = """
window.watched = { heard: [], rang: {}, toasts: 0, said: [] };
addEventListener('stream:notification', ({ detail }) => watched.heard.push(detail.data.id));
addEventListener('stream:unread', ({ detail }) => {
  watched.rang[detail.data.count] ??= performance.timeOrigin + performance.now();
});
addEventListener('DOMContentLoaded', () => {
  const toasts = document.getElementById('toasts');
  const present = () => toasts.querySelectorAll('.toast:not(.leaves)').length;
  const count = () => { watched.toasts = Math.max(watched.toasts, present()); };
  if (toasts) new MutationObserver(count).observe(toasts, { childList: true });
  const announcer = document.getElementById('announcer');
  const hear = () => watched.said.push(announcer.textContent);
  if (announcer) new MutationObserver(hear).observe(announcer, { childList: true });
});
"""

# Toasts stay for as long as a slow machine needs to look at them, unless a test says otherwise.
LINGER = """
addEventListener('DOMContentLoaded', () => {
  const toasts = document.getElementById('toasts');
  if (toasts) toasts.dataset.seconds = 60;
});
"""


async def is_live(page: Page) -> Page:
    """The page, as soon as its stream is open."""
    await page.wait_for_selector('#live[data-state="live"]')
    return page


async def finds(page: Page, expression: str, arg: Any = None) -> None:
    """Waits until the page finds it true.

    Playwright's wait_for_function would look once, and then evaluate a text in the page: what our
    policy refuses, and what fails only where the first look came too early.
    """
    await eventually(lambda: page.evaluate(expression, arg))


async def has_said(page: Page, text: str) -> None:
    """Waits until the page has announced that, whatever it announced afterwards."""
    await finds(page, "text => watched.said.includes(text)", text)


def badge(page: Page) -> Locator:
    """The number on the bell, as it is seen."""
    return page.locator("#bell-badge > [aria-hidden]")


def connection(page: Page) -> Locator:
    """The state of the connection, in words."""
    return page.locator(".live-words")


async def watched(page: Page) -> dict[str, Any]:
    """`heard`: ids of notifications; `rang`: count → epoch milliseconds; `toasts`: the most."""
    found: dict[str, Any] = await page.evaluate("window.watched")
    return found


async def beside(page: Page, path: str = "/notifications") -> Page:
    """Another tab of the same browser, behind this one."""
    tab = await page.context.new_page()
    await tab.goto(path)
    await page.bring_to_front()  # in those behind it clicks are slow
    return tab


def hurry(timings: dict[str, int]) -> str:
    """A script that gives live.js other times than its own."""
    return f"""addEventListener('DOMContentLoaded', () => {{
      const place = document.getElementById('live');
      if (place) place.dataset.timings = '{json.dumps(timings)}';
    }}, {{ capture: true }});
    """


async def speak(page: Page, language: str) -> Page:
    """The page again, its reader having chosen `es` or `en`."""
    await page.locator(".person summary").click()
    await page.locator(f".person button[name=locale][value={language}]").click()
    await expect(page.locator("html")).to_have_attribute("lang", language)
    return page


async def sell(page: Page, customer: str, total: str = "12.50") -> None:
    """One sale by the form, as a Spanish-speaking seller does."""
    await page.goto("/sales/new")
    await page.get_by_label("Cliente").fill(customer)
    await page.get_by_label("Total").fill(total)
    await page.get_by_role("button", name="Guardar venta").click()
    await expect(page.locator(".flash-success")).to_contain_text("está guardada")


async def sell_unseen(page: Page, *customers: str) -> None:
    """Sales made without looking at a page, by whoever is signed in there."""
    origin = "/".join(page.url.split("/")[:3])
    for customer in customers:
        form: dict[str, Any] = {"customer": customer, "total": "12.50", "token": str(uuid4())}
        answer = await page.request.post("/sales", form=form, headers={"Origin": origin})
        assert "/sales/" in answer.url, answer.status
