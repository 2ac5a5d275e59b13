"""Campana as an app: it can be installed, and says so itself when there is no connection."""

from __future__ import annotations

from playwright.async_api import expect

from campana.assets import STYLES, asset
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import finds, is_live
from tests.browser.site import Site
from tests.cast import Cast

pytestmark = IN_BROWSERS

KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) found.push(url.slice(location.origin.length));
  }
  return found;
}"""


async def test_without_a_connection_there_is_a_page_that_says_so_and_leads_back(
    visit: Visit, site: Site, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, service_workers="allow"))
    await finds(ana, "navigator.serviceWorker.controller !== null")
    devtools = await ana.context.new_cdp_session(ana)
    await devtools.send("Network.clearBrowserCache")
    await site.stop()

    await ana.goto("/sales")
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Sin conexión")
    tall = "document.querySelector('.button').getBoundingClientRect().height"
    assert await ana.evaluate(tall) > 30, "its style sheet is there too"

    await site.start()
    await ana.get_by_role("link", name="Reintentar").click()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Ventas")


async def test_of_all_pages_only_the_one_for_no_connection_is_kept(
    visit: Visit, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, service_workers="allow"))
    await finds(ana, "navigator.serviceWorker.controller !== null")
    for path in ("/sales", "/notifications", "/sales/new"):
        await is_live(ana) if await ana.goto(path) else None
    kept = await ana.evaluate(KEPT)
    assert set(kept) == {"/offline", *map(asset, (STYLES, "icons.svg", "brand.svg"))}


async def test_a_browser_finds_all_it_needs_to_install_it(visit: Visit, cast: Cast) -> None:
    """As Chromium itself judges."""
    ana = await visit(cast.ana_admin, service_workers="allow")
    devtools = await ana.context.new_cdp_session(ana)
    found = await devtools.send("Page.getAppManifest")
    assert not found["errors"]
    assert found["url"].endswith("/manifest.webmanifest")
    errors = await devtools.send("Page.getInstallabilityErrors")
    reasons = {error["errorId"] for error in errors["installabilityErrors"]}
    assert reasons <= {"in-incognito"}, reasons  # what every context of a test is
