"""The page of notifications: searching, choosing several, going back in time."""

from __future__ import annotations

import re

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import badge, is_live
from tests.cast import Cast
from tests.post import post

pytestmark = IN_BROWSERS


async def test_what_one_types_is_found_and_marked_and_the_address_keeps_it(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Reservación <de> Inés"}, {"title": "Otra"}, {"title": "Reserva"})
    ana = await is_live(await visit(cast.ana_admin, "/notifications?filter=unread"))
    search = ana.get_by_role("searchbox")
    await search.press_sequentially("ines reserv", delay=30)
    await expect(ana.locator("mark")).to_have_text(["Reservación", "Inés"])
    await expect(ana.locator(".row")).to_have_count(1)
    await expect(ana.get_by_role("status").filter(has_text="1 resultado")).to_be_visible()
    await expect(search).to_be_focused()
    await expect(ana).to_have_url(re.compile(r"/notifications\?filter=unread&q=ines\+reserv$"))

    await ana.reload()
    await expect(ana.locator("mark")).to_have_text(["Reservación", "Inés"])
    await ana.get_by_role("link", name="Eliminadas").click()
    await expect(ana.get_by_text("Nada encontrado")).to_be_visible()
    await ana.get_by_role("link", name="Ver sin estos filtros").click()
    await expect(ana.get_by_text("Nada eliminado")).to_be_visible()


async def test_several_are_deleted_at_once_and_taken_back_here_and_elsewhere(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Venta {n}"} for n in range(4)])
    ana = await is_live(await visit(cast.ana_admin))
    other = await is_live(await visit(cast.ana_admin))
    await ana.get_by_role("checkbox", name="Elegir: Venta 1").check()
    await ana.get_by_role("checkbox", name="Elegir: Venta 2").check()
    await expect(ana.get_by_text("2 elegidas")).to_be_visible()
    await ana.locator("#selection").get_by_role("button", name="Eliminar").click()
    for page in (ana, other):
        await expect(page.locator(".row-title")).to_have_text(
            ["Sin leer: Venta 3", "Sin leer: Venta 0"]
        )
        await expect(badge(page)).to_have_text("2")
    await ana.get_by_role("button", name="Deshacer").click()
    for page in (ana, other):
        await expect(page.locator(".row")).to_have_count(4)
        await expect(badge(page)).to_have_text("4")

    await ana.get_by_role("checkbox", name="Elegir todas").check()
    await expect(ana.get_by_text("4 elegidas")).to_be_visible()
    await ana.locator("#selection").get_by_role("button", name="Marcar como leída").click()
    await expect(ana.locator(".row-unread")).to_have_count(0)
    await expect(ana.locator("#inbox :checked")).to_have_count(0)
    await ana.get_by_role("button", name="Deshacer").click()
    await expect(ana.locator(".row-unread")).to_have_count(4)

    await ana.get_by_role("button", name="Marcar 4 como leídas").click()
    await expect(ana.locator(".row-unread")).to_have_count(0)
    await ana.get_by_role("button", name="Deshacer").click()
    await expect(ana.locator(".row-unread")).to_have_count(4)
    await ana.get_by_role("button", name="Eliminar todas").click()
    await expect(other.get_by_text("Todavía nada")).to_be_visible()
    await ana.get_by_role("button", name="Deshacer").click()
    await expect(other.locator(".row")).to_have_count(4)


async def test_scrolling_back_keeps_a_hundred_rows_and_what_is_read_in_its_place(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Venta {n}"} for n in range(170)])
    ana = await is_live(await visit(cast.ana_admin))
    rows, more = ana.locator("#inbox .row"), ana.get_by_role("link", name="Cargar más")
    for shown in (40, 60, 80, 100):
        await more.scroll_into_view_if_needed()
        await expect(rows).to_have_count(shown)
    await more.scroll_into_view_if_needed()
    await expect(rows.filter(has_text="Venta 50")).to_have_count(1)
    await expect(rows).to_have_count(100)
    await expect(ana.locator(".day")).to_have_text(["Hoy"])

    asked = []
    ana.on("request", lambda request: asked.append(request.url))
    last = ana.get_by_role("link", name="Venta 50", exact=True)
    await last.scroll_into_view_if_needed()
    place = await last.bounding_box()
    assert not [url for url in asked if "/more" in url], "after five the reader is asked"
    await more.click()
    await expect(rows.filter(has_text="Venta 30")).to_have_count(1)
    await expect(rows).to_have_count(100)
    assert place is not None
    now = await last.bounding_box()
    assert now is not None
    assert abs(now["y"] - place["y"]) < 60, "it moved by what the click had to scroll"

    await ana.evaluate("htmx.trigger(document.body, 'live:resync-inbox')")
    await expect(rows.first).to_contain_text("Venta 129")
    await expect(rows).to_have_count(100)
    await ana.get_by_role("link", name="Volver a las más recientes").click()
    await expect(rows.first).to_contain_text("Venta 169")
    await expect(rows).to_have_count(20)
