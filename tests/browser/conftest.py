"""Real browsers in front of the running application.

`await visit(cast.ana_admin)` is a page of a browser of her own, signed in; `site` can be cut off
and brought back. Whatever a page complains about in its console fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    async_playwright,
)

from campana.corridor import Corridor
from campana.db import Database
from campana.settings import Settings
from handlers.app_keys import CORRIDOR, HUB
from handlers.application import application
from handlers.session_storage import COOKIE
from tests.cast import Member
from tests.conftest import signed_in

CHROMIUM = os.environ.get("CAMPANA_CHROMIUM") or shutil.which("chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXPECTED = (
    "Failed to load resource",
    "Failed to fetch",
    "net::ERR_",
)  # what tests break on purpose

Visit = Callable[..., Awaitable[Page]]


class Site:
    """The application on a port of its own that survives restarts."""

    def __init__(self, db: Database, settings: Settings, corridor: Corridor) -> None:
        self.db, self.settings, self.corridor = db, settings, corridor
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def streams(self) -> int:
        return self.corridor.hub.count

    async def start(self) -> None:
        app = application(self.settings, self.db)
        app[CORRIDOR] = self.corridor
        app[HUB] = self.corridor.hub
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_port=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        """Like a killed process: connections are cut, none is told."""
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    def cut(self) -> None:
        for stream in self.corridor.hub.streams():
            stream.transport.abort()
            stream.end()


@pytest.fixture
async def site(db: Database, settings: Settings, corridor: Corridor) -> AsyncIterator[Site]:
    site = Site(db, settings, corridor)
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(site: Site, browser: Browser, db: Database) -> AsyncIterator[Visit]:
    """Opens `path` in a browser of its own, signed in as `member` (nobody: signed out)."""
    complaints: list[str] = []

    async def visit(member: Member | None = None, path: str = "/", **options: Any) -> Page:
        context = await new_context(browser, site, **options)
        if member is not None:
            cookie = {"name": COOKIE, "value": await signed_in(db, member), "url": site.url}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        context.on("console", lambda message: _note(message, complaints))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = await context.new_page()
        await page.goto(path)
        return page

    yield visit
    assert not complaints, complaints


async def new_context(browser: Browser, site: Site, **options: Any) -> BrowserContext:
    usual = {"base_url": site.url, "locale": "es", "viewport": {"width": 1200, "height": 800}}
    context = await browser.new_context(**(usual | options))
    context.set_default_timeout(5000)
    return context


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in ("error", "warning") and not any(e in message.text for e in EXPECTED):
        complaints.append(message.text)


async def is_live(page: Page) -> Page:
    """The page, as soon as its stream is open."""
    await page.wait_for_selector('#live[data-state="live"]')
    return page


def badge(page: Page) -> Locator:
    """The number on the bell, as it is seen."""
    return page.locator("#bell-badge > [aria-hidden]")


async def reload_with(page: Page, pattern: str, replacement: str) -> None:
    """Loads the page again, its HTML changed on the way by a regular expression."""

    async def rewrite(route: Route) -> None:
        answer = await route.fetch()
        html = re.sub(pattern, replacement, await answer.text())
        await route.fulfill(response=answer, body=html)

    await page.route(page.url, rewrite)
    await page.reload()
    await page.unroute(page.url, rewrite)


async def beside(page: Page, path: str = "/notifications") -> Page:
    """Another tab of the same browser."""
    tab = await page.context.new_page()
    await tab.goto(path)
    return tab
