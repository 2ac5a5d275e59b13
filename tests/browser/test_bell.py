"""The right bell rings, everywhere it should and nowhere else."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from campana import inbox, sessions
from campana.db import Database
from campana.users import Person
from tests.browser.conftest import Site, Visit, badge, beside, is_live, reload_with
from tests.cast import Cast, Member
from tests.conftest import signed_in
from tests.post import post
from tests.waiting import eventually

pytestmark = pytest.mark.browser


async def test_the_right_bell_rings_and_the_others_stay_silent(
    visit: Visit, db: Database, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    luis = await is_live(await visit(cast.luis_colleague))
    eva = await is_live(await visit(cast.eva_stranger))

    await post(db, {"audience": "role:ADMIN", "title": "Solo para administradores"})
    await expect(badge(ana)).to_have_text("1")
    await expect(ana).to_have_title("(1) Notificaciones · Campana")
    await expect(ana.locator(".row-title")).to_contain_text(["Solo para administradores"])

    await post(db, {"audience": "role:STAFF", "title": "Solo para el personal"})
    await expect(badge(luis)).to_have_text("1")
    await expect(badge(ana)).to_have_text("1")
    await expect(eva.locator("#bell-badge")).to_be_hidden()
    await expect(luis.locator(".row-title")).to_contain_text(["Solo para el personal"])


async def test_eight_tabs_share_one_stream(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    first = await is_live(await visit(cast.ana_admin))
    tabs = [first] + [await is_live(await beside(first)) for _ in range(7)]
    assert site.streams == 1

    await post(db, {"title": "Para todas las pestañas"})
    for tab in tabs:
        await expect(badge(tab)).to_have_text("1")

    await first.close()
    await post(db, {"title": "Sin la primera"})
    for tab in tabs[1:]:
        await expect(badge(tab)).to_have_text("2")
        await expect(tab.locator(".row")).to_have_count(2)
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

    await desk.get_by_role("button", name="Marcar todo como leído").click()
    for device in (desk, phone):
        await expect(device.locator("#bell-badge")).to_be_hidden()
        await expect(device.locator(".row-unread")).to_have_count(0)
        await expect(device).to_have_title("Notificaciones · Campana")


async def test_nothing_is_lost_or_doubled_while_the_server_restarts(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    tab = await is_live(await beside(ana))
    await post(db, {"title": "Antes"})
    await expect(badge(ana)).to_have_text("1")

    await site.stop()
    await post(db, {"title": "Mientras 1"}, {"title": "Mientras 2"})
    await expect(ana.locator(".live-words")).to_have_text("Reconectando…")
    await site.start()

    for page in (ana, tab):
        await expect(page.locator(".live-words")).to_have_text("Tiempo real", timeout=15000)
        await expect(badge(page)).to_have_text("3")
        await expect(page.locator(".row")).to_have_count(3)
    await post(db, {"title": "Después"})
    for page in (ana, tab):
        await expect(page.locator(".row")).to_have_count(4)
        titles = await page.locator(".row-title").all_inner_texts()
        assert len(set(titles)) == 4


async def test_a_read_on_another_device_while_away_is_seen_on_return(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    ids = await post(db, {"title": "Una"}, {"title": "Segunda"})
    ana = await is_live(await visit(cast.ana_admin))
    await expect(ana.locator(".row-unread")).to_have_count(2)
    await site.stop()
    person = await _signed_in_elsewhere(db, cast.ana_admin)
    await inbox.apply(db, person, inbox.read, [ids[0]])
    await site.start()
    await expect(ana.locator(".row-unread")).to_have_count(1, timeout=15000)
    await expect(badge(ana)).to_have_text("1")


async def test_without_a_shared_worker_each_tab_connects_itself(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    ana = await visit(cast.ana_admin)
    await ana.context.add_init_script("delete window.SharedWorker")
    await ana.reload()
    tab = await beside(ana)
    for page in (ana, tab):
        await is_live(page)
    await eventually(lambda: site.streams == 2)
    await post(db, {"title": "Directa"})
    for page in (ana, tab):
        await expect(badge(page)).to_have_text("1")
        await expect(page.locator(".row")).to_have_count(1)


async def test_a_worker_that_never_answers_is_done_without(
    visit: Visit, db: Database, cast: Cast
) -> None:
    ana = await visit(cast.ana_admin)
    await ana.context.add_init_script(
        """window.made = 0;
        window.SharedWorker = class {
          port = { postMessage() {} };
          constructor() { made += 1; }
        };"""
    )
    await reload_with(ana, 'id="live"', """id="live" data-timings='{"answer": 100}'""")
    await is_live(ana)
    assert await ana.evaluate("made") == 3
    await post(db, {"title": "Aun así"})
    await expect(badge(ana)).to_have_text("1")


async def test_the_next_person_sees_nothing_of_the_first(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    tab = await is_live(await beside(ana))
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="Cerrar sesión").click()
    await expect(ana).to_have_url(f"{site.url}/login")
    await expect(tab.locator(".live-words")).to_have_text("Sesión terminada")
    await expect(tab.get_by_role("link", name="Iniciar sesión")).to_be_visible()

    await ana.get_by_label("Correo").fill(cast.luis_colleague.email)
    await ana.get_by_label("Contraseña").fill("demo")
    await ana.get_by_role("button", name="Iniciar sesión").click()
    await is_live(ana)
    await post(
        db,
        {"audience": "role:ADMIN", "title": "De Ana"},
        {"audience": "role:STAFF", "title": "De Luis"},
    )
    await expect(ana.locator(".row-title")).to_contain_text(["De Luis"])
    await expect(ana.locator(".row")).to_have_count(1)
    await expect(tab.locator(".row")).to_have_count(0)

    await tab.get_by_role("button", name="Marcar todo como leído").click()
    await expect(tab.locator(".toast")).to_contain_text("Tu sesión terminó")
    await expect(badge(ana)).to_have_text("1")  # the page left over did nothing in Luis's name


async def _signed_in_elsewhere(db: Database, member: Member) -> Person:
    found = await sessions.find(db, await signed_in(db, member))
    assert found
    return found.person
