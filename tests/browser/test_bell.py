"""The right bell rings, everywhere it should and nowhere else."""

from __future__ import annotations

import re
import time

import aiohttp
import pytest
from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import PublishAll, Visit
from tests.browser.pages import ELSEWHERE, badge, beside, is_live, watched
from tests.browser.site import Site
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import post
from tests.waiting import eventually

pytestmark = IN_BROWSERS

MARK_ALL = re.compile("^Marcar .+ como leíd")
TOGETHER = 100  # milliseconds
SOUNDS = """
window.sounds = [];
addEventListener('sound:played', ({ detail }) => sounds.push(detail));
"""


@pytest.mark.usefixtures("without_sweeps")
async def test_the_right_bell_rings_and_the_others_stay_silent(
    visit: Visit, publish: Publish, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    luis = await is_live(await visit(cast.luis_colleague, ELSEWHERE))
    eva = await is_live(await visit(cast.eva_stranger, ELSEWHERE))

    before = time.time() * 1000
    for_ana = await publish(audience="role:ADMIN", title="Solo para administradores")
    await expect(badge(ana)).to_have_text("1")
    await expect(ana.locator(".toast-title")).to_have_text("Solo para administradores")
    await expect(ana).to_have_title("(1) Venta nueva · Campana")
    took = (await watched(ana))["rang"]["1"] - before
    with capsys.disabled():
        print(f" [published in SQL → badge in the browser: {took:.0f} ms] ", end="")

    for_luis = await publish(audience="role:STAFF", title="Solo para el personal")
    for_eva = await publish(tenant="sur", title="Solo para los del sur")
    for page, title, event in (
        (ana, "Solo para administradores", for_ana),
        (luis, "Solo para el personal", for_luis),
        (eva, "Solo para los del sur", for_eva),
    ):
        await expect(badge(page)).to_have_text("1")
        await expect(page.locator(".toast-title")).to_have_text(title)
        assert (await watched(page))["heard"] == [str(event)]


async def test_eight_tabs_share_one_stream(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    first = await is_live(await visit(cast.ana_admin))
    tabs = [first] + [await is_live(await beside(first)) for _ in range(7)]
    assert site.streams == 1

    await publish(title="Para todas las pestañas")
    for tab in tabs:
        await expect(badge(tab)).to_have_text("1")

    await first.close()
    await publish(title="Sin la primera")
    for tab in tabs[1:]:
        await expect(badge(tab)).to_have_text("2")
        await expect(tab.locator(".row")).to_have_count(2)
        assert len((await watched(tab))["heard"]) == 2
    assert site.streams == 1


async def test_read_here_shows_there(visit: Visit, db: Database, cast: Cast) -> None:
    await post(db, {"title": "Una"}, {"title": "Segunda"}, {"title": "Tres"})
    desk, phone = [await is_live(await visit(cast.ana_admin)) for _ in range(2)]
    await expect(phone.locator(".row-unread")).to_have_count(3)

    row = desk.locator(".row", has_text="Segunda")
    await row.hover()
    await row.get_by_role("button", name="Marcar como leída").click()
    await expect(badge(phone)).to_have_text("2")
    await expect(phone.locator(".row-unread")).to_have_count(2)
    await expect(row.get_by_role("button", name="Marcar como no leída")).to_be_focused()

    await row.get_by_role("button", name="Eliminar").click()
    await expect(phone.locator(".row")).to_have_count(2)

    await desk.get_by_role("button", name=MARK_ALL).click()
    for device in (desk, phone):
        await expect(device.locator("#bell-badge")).to_be_hidden()
        await expect(device.locator(".row-unread")).to_have_count(0)
        await expect(device).to_have_title("Notificaciones · Campana")


async def test_what_a_program_does_for_somebody_shows_in_the_browser(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    one, other = await post(db, {"title": "Una"}, {"title": "Otra"})
    ana = await is_live(await visit(cast.ana_admin))
    luis = await is_live(await visit(cast.luis_colleague))

    async with aiohttp.ClientSession(site.url, headers={"X-API-Key": cast.norte_key}) as program:

        async def does(verb: str, event: object) -> None:
            path = f"/api/notifications/{event}/{verb}?user={cast.ana_admin.email}"
            async with program.post(path) as answer:
                assert answer.status == 200

        await does("read", one)
        await expect(badge(ana)).to_have_text("1")
        await expect(ana.locator(f"#n-{one}.row-unread")).to_have_count(0)
        await does("unread", one)
        await expect(badge(ana)).to_have_text("2")
        await expect(ana.locator(f"#n-{one}.row-unread")).to_have_count(1)
        await does("delete", other)
        await expect(ana.locator(".row")).to_have_count(1)
        await does("restore", other)
        await expect(ana.locator(".row")).to_have_count(2)
        await expect(badge(ana)).to_have_text("2")
    await expect(badge(luis)).to_have_text("2")


async def test_all_tabs_agree_within_a_tenth_of_a_second(
    visit: Visit, db: Database, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    """At their best: a machine that does much else lets one of four wait."""
    await post(db, *[{"title": f"Venta {number}"} for number in range(6)])
    ana = await is_live(await visit(cast.ana_admin))
    tabs = [ana] + [await is_live(await beside(ana, ELSEWHERE)) for _ in range(3)]
    apart = []
    for left in range(5, 0, -1):
        row = ana.locator(".row", has_text=f"Venta {left}")
        await row.hover()
        await row.get_by_role("button", name="Marcar como leída").click()
        for tab in tabs:
            await expect(badge(tab)).to_have_text(str(left))
        rang = [(await watched(tab))["rang"][str(left)] for tab in tabs]
        apart.append(max(rang) - min(rang))
    with capsys.disabled():
        print(f" [four tabs: {min(apart):.0f} to {max(apart):.0f} ms apart] ", end="")
    assert min(apart) < TOGETHER


async def test_the_sound_is_heard_once_and_only_by_who_chose_it(
    visit: Visit, publish_all: PublishAll, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE, script=SOUNDS))
    await publish_all({"title": "En silencio"})
    await expect(badge(ana)).to_have_text("1")
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="Madera").click()
    await expect(ana.get_by_role("button", name="Probar")).to_be_visible()
    await ana.keyboard.press("Escape")

    tab = await is_live(await beside(ana, ELSEWHERE))
    await tab.locator("#main").click()  # both are allowed to sound
    await publish_all({"title": "Una"}, {"title": "Otra"})
    for page in (ana, tab):
        await expect(badge(page)).to_have_text("3")

    async def heard() -> list[str]:
        return [sound for page in (ana, tab) for sound in await page.evaluate("sounds")]

    await eventually(heard)  # a badge may be quicker
    assert await heard() == ["wood"]


async def test_title_and_favicon_carry_the_count(
    visit: Visit, db: Database, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    favicon = ana.locator("#favicon")
    await expect(favicon).to_have_attribute("href", re.compile(r"/favicon\.svg"))
    await publish(title="Una")
    await expect(ana).to_have_title(re.compile(r"^\(1\) "))
    await expect(favicon).to_have_attribute("href", re.compile("^data:image/svg.*%3E1%3C"))
    await post(db, *[{"title": f"Otra {number}"} for number in range(11)])
    await publish(title="La última")
    await expect(ana).to_have_title(re.compile(r"^\(13\) "))
    await expect(favicon).to_have_attribute("href", re.compile("%3E9%2B%3C"))
