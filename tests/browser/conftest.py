"""Real browsers in front of the running application.

`await visit(cast.ana_admin)` is a page of a browser of her own, signed in; `site` can be stopped
and started again. Whatever a page complains of fails the test.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from campana.corridor import Corridor
from campana.db import Database
from campana.migrate import Roles
from campana.settings import Settings
from handlers.session_storage import COOKIE
from tests.browser.complaints import Complaints
from tests.browser.pages import LINGER, WATCH, hurry
from tests.browser.site import Served, Site
from tests.cast import Member
from tests.conftest import signed_in
from tests.corridor.conftest import Publish, publish_event

CHROMIUM = os.environ.get("CAMPANA_TEST_CHROMIUM") or shutil.which("chromium")
# The address bar that nobody sees costs as much as our page; the others Playwright does without.
NEEDLESS = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(NEEDLESS)}",
]
PATIENCE = 30_000  # milliseconds, for busy machines
USUAL: dict[str, Any] = {
    "locale": "es",
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",  # nobody waits for a movement to end
    "service_workers": "block",  # requests that one answers cannot be changed on their way
}

Visit = Callable[..., Awaitable[Page]]
PublishAll = Callable[..., Awaitable[list[UUID]]]

# The browser is everybody's, so all that speaks with it lives on the loop of the session.
on_one_loop = functools.partial(pytest_asyncio.fixture, loop_scope="session")


@on_one_loop(scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=QUIET,
            timeout=2 * PATIENCE,
            ignore_default_args=["--disable-back-forward-cache"],  # people's browsers have it
        )
        yield browser
        await browser.close()


@on_one_loop()
async def db(dsn: str, roles: Roles) -> AsyncIterator[Database]:
    async with await Database.open(dsn, roles, pool_size=5) as db:
        yield db


@on_one_loop()
async def corridor(db: Database, settings: Settings) -> AsyncIterator[Corridor]:
    corridor = Corridor(db, settings)
    async with corridor.running():
        yield corridor


@on_one_loop()
async def site(db: Database, settings: Settings, corridor: Corridor) -> AsyncIterator[Site]:
    site = Site(db, settings, corridor)
    await site.start()
    yield site
    await site.stop()


@on_one_loop()
async def program(dsn: str) -> AsyncIterator[Any]:
    """Another program's connection."""
    program = await asyncpg.connect(dsn)
    yield program
    await program.close()


@pytest.fixture
def publish(program: Any) -> Publish:
    """`await publish(audience=…)`: each event is committed at once."""
    return functools.partial(publish_event, program)


@pytest.fixture
def publish_all(program: Any) -> PublishAll:
    """`await publish_all({…}, {…})`: all of them in one commit."""

    async def publish_all(*events: dict[str, Any]) -> list[UUID]:
        async with program.transaction():
            return [await publish_event(program, **event) for event in events]

    return publish_all


@on_one_loop()
async def visit(site: Site | Served, browser: Browser, db: Database) -> AsyncIterator[Visit]:
    """Opens `path` in a browser of its own, signed in as `member` (nobody: signed out).

    script: runs in every page before its own. timings: other ones than live.js's, in milliseconds.
    """
    complaints = Complaints()
    contexts = []

    async def visit(
        member: Member | None = None,
        path: str = "/",
        *,
        script: str = "",
        timings: dict[str, int] | None = None,
        **options: Any,
    ) -> Page:
        context = await browser.new_context(**({"base_url": site.url} | USUAL | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if member is not None:
            cookie = {"name": COOKIE, "value": await signed_in(db, member), "url": site.url}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        await context.add_init_script(WATCH + LINGER + hurry(timings or {}) + script)
        await complaints.listen_to(context)
        page = await context.new_page()
        await page.goto(path)
        return page

    yield visit
    for context in contexts:
        await context.close()
    assert not complaints, complaints
