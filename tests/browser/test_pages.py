"""All pages and all components: looked at by a validator, and pictured for a person to look at."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import PublishAll, Visit
from tests.browser.pages import ELSEWHERE, is_live, sell, speak
from tests.cast import Cast
from tests.post import post

pytestmark = [pytest.mark.prove, *IN_BROWSERS, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "screenshots"
VALIDATOR = ROOT / "build" / "node" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
SIZES = {"wide": 1280, "phone": 360}
SIGNED_OUT = {"login": "/login", "offline": "/offline", "nowhere": "/nowhere"}
SIGNED_IN = {
    "design": "/design",
    "notifications": "/notifications",
    "preferences": "/preferences",
    "unread": "/notifications?filter=unread",
    "sales": "/sales",
    "sale-new": "/sales/new",
    "checkout": "/checkout",
    "admin": "/admin",
    "admin-people": "/admin/people",
    "admin-invite": "/admin/people/new",
    "admin-roles": "/admin/roles",
    "admin-keys": "/admin/keys",
    "admin-issuers": "/admin/issuers",
    "admin-policy": "/admin/policy",
    "admin-policy-role": "/admin/policy?layer=STAFF&every=true",
    "admin-attention": "/admin/attention",
    "admin-settings": "/admin/settings",
    "admin-audit": "/admin/audit",
    "admin-announcements": "/admin/announcements",
    "admin-announcement-new": "/admin/announcements/new?several=true",
    "admin-types": "/admin/types",
    "admin-type-new": "/admin/types/new",
    "not-found": "/nowhere",
    "invalid": "/notifications?before=x",
}
EMPTY = {"nothing-yet": "/notifications", "no-sales-yet": "/sales"}
EVENTS = [
    {"title": "Venta 7", "message": "María · $12.50", "variant": "success", "url": "/sales"},
    {"title": "Poca leche", "type": "stock:low", "variant": "warning", "priority": "high"},
    {"title": "W" * 200, "message": "مرحبا 🎉 " + "x" * 500, "priority": "urgent"},
]
ACTION = [{"name": "view", "label": "Ver venta", "url": "/sales"}]
# htmx's own attributes; and Firefox keeps ticks over a reload unless told not to, by one that is
# not in the standard for them.
KNOWN = r".*Attribute .hx-.*|.*Attribute .autocomplete. is only allowed.*"


LOOKS: dict[str, dict[str, str]] = {
    "light-es": {"locale": "es", "color_scheme": "light"},
    "light-en": {"locale": "en", "color_scheme": "light"},
    "dark-es": {"locale": "es", "color_scheme": "dark"},
    "dark-en": {"locale": "en", "color_scheme": "dark"},
    "forced-es": {"locale": "es", "forced_colors": "active"},
    "contrast-es": {"locale": "es", "contrast": "more"},
}


@pytest.mark.parametrize("name", LOOKS)
async def test_pictures_of_every_page_for_a_person_to_look_at(
    visit: Visit, publish_all: PublishAll, db: Database, cast: Cast, name: str
) -> None:
    look = LOOKS[name]
    folder = PICTURES / name
    folder.mkdir(parents=True, exist_ok=True)
    nobody = await visit(None, "/login", **look)
    eva = await speak(await visit(cast.eva_stranger, **look), look["locale"])
    await post(db, *EVENTS)
    ana = await speak(await visit(cast.ana_admin, **look), look["locale"])
    await sell(await visit(cast.luis_colleague), "María")
    for page, paths in ((nobody, SIGNED_OUT), (eva, EMPTY), (ana, SIGNED_IN)):
        for kind, path in paths.items():
            await _picture(page, path, folder / kind)
    await _pictures_of_what_opens(ana, publish_all, folder)
    assert len(list(folder.glob("*.png"))) >= len(SIZES) * (len(SIGNED_OUT) + len(SIGNED_IN))


async def test_every_page_is_valid_html(
    visit: Visit, db: Database, cast: Cast, tmp_path: Path
) -> None:
    if not shutil.which("java"):
        pytest.skip("java is not here: no page was validated (Debian: default-jre-headless)")
    if not VALIDATOR.exists():
        pytest.skip("the validator is not here: `make prove` brings it where npm is")
    await post(db, *EVENTS)
    nobody, ana = await visit(None, "/login"), await visit(cast.ana_admin)
    await sell(ana, "María")
    sale = {"sale": ana.url, "edit": f"{ana.url}/edit"}
    for page, paths in ((nobody, SIGNED_OUT), (ana, SIGNED_IN | sale)):
        for name, path in paths.items():
            answer = await page.request.get(path, headers={"Accept": "text/html"})
            (tmp_path / f"{name}.html").write_text(await answer.text())
    assert not await _found_by_validator(tmp_path)


async def _picture(page: Page, path: str, place: Path) -> None:
    await page.goto(path)
    await _in_all_sizes(page, place, full_page=True)


async def _pictures_of_what_opens(page: Page, publish_all: PublishAll, folder: Path) -> None:
    """Toasts, panel, menu and the list of keys."""
    await page.goto(ELSEWHERE)
    await is_live(page)
    await publish_all(*[event | {"actions": ACTION} for event in EVENTS])
    await expect(page.locator(".toast")).to_have_count(3)
    await _in_all_sizes(page, folder / "toasts")
    await page.locator("#bell").click()
    await expect(page.locator("#latest .row")).to_have_count(5)
    await expect(page.locator(".toast")).to_have_count(0)
    await _in_all_sizes(page, folder / "panel")
    await page.keyboard.press("Escape")
    await page.locator(".person summary").click()
    await _in_all_sizes(page, folder / "menu")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator(".keys")).to_be_visible()
    await _in_all_sizes(page, folder / "keys")


async def _in_all_sizes(page: Page, place: Path, *, full_page: bool = False) -> None:
    for name, width in SIZES.items():
        await page.set_viewport_size({"width": width, "height": 800})
        await page.screenshot(path=f"{place}-{name}.png", full_page=full_page)


async def _found_by_validator(folder: Path) -> str:
    arguments = ["--errors-only", "--skip-non-html", "--filterpattern", KNOWN, str(folder)]
    java = await asyncio.create_subprocess_exec(
        "java", "-jar", str(VALIDATOR), *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, said = await java.communicate()
    return said.decode()
