"""All pages and all components: looked at by a validator, and pictured for a person to look at."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import sell, speak
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
    "unread": "/notifications?filter=unread",
    "sales": "/sales",
    "sale-new": "/sales/new",
    "checkout": "/checkout",
    "not-found": "/nowhere",
    "invalid": "/notifications?before=x",
}
EVENTS = [
    {"title": "Venta 7", "message": "María · $12.50", "variant": "success", "url": "/sales"},
    {"title": "Poca leche", "type": "stock:low", "variant": "warning", "priority": "high"},
    {"title": "W" * 200, "message": "مرحبا 🎉 " + "x" * 500, "priority": "urgent"},
]
# htmx's own attributes; and Firefox keeps ticks over a reload unless told not to, by one that is
# not in the standard for them.
KNOWN = r".*Attribute .hx-.*|.*Attribute .autocomplete. is only allowed.*"


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pictures_of_every_page_for_a_person_to_look_at(
    visit: Visit, db: Database, cast: Cast, language: str, theme: str
) -> None:
    look = {"locale": language, "color_scheme": theme}
    await post(db, *EVENTS)
    nobody = await visit(None, "/login", **look)
    ana = await speak(await visit(cast.ana_admin, **look), language)
    await sell(await visit(cast.luis_colleague), "María")
    folder = PICTURES / f"{theme}-{language}"
    folder.mkdir(parents=True, exist_ok=True)
    for page, paths in ((nobody, SIGNED_OUT), (ana, SIGNED_IN)):
        for name, path in paths.items():
            await _picture(page, path, folder / name)
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
    for name, width in SIZES.items():
        await page.set_viewport_size({"width": width, "height": 800})
        await page.screenshot(path=f"{place}-{name}.png", full_page=True)


async def _found_by_validator(folder: Path) -> str:
    arguments = ["--errors-only", "--skip-non-html", "--filterpattern", KNOWN, str(folder)]
    java = await asyncio.create_subprocess_exec(
        "java", "-jar", str(VALIDATOR), *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, said = await java.communicate()
    return said.decode()
