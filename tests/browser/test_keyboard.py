"""Everything by keyboard, and nothing that happens takes it away."""

from __future__ import annotations

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, is_live, sell_unseen
from tests.cast import Cast
from tests.corridor.conftest import Publish
from tests.post import post

pytestmark = IN_BROWSERS

ORDER = ("Tercera", "Segunda", "Primera")
ACTION = [{"name": "view", "label": "Ver venta", "url": "/sales"}]


async def test_the_panel_opens_and_closes(visit: Visit, db: Database, cast: Cast) -> None:
    await post(db, *[{"title": f"Número {number}"} for number in range(7)])
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    bell = ana.get_by_role("button", name="Notificaciones 7 sin leer")
    await bell.focus()
    await ana.keyboard.press("Enter")
    panel = ana.get_by_role("dialog", name="Notificaciones")
    await expect(panel.locator(".row")).to_have_count(5)
    await expect(panel.get_by_role("heading", name="Notificaciones")).to_be_focused()

    await ana.keyboard.press("Tab")
    await ana.keyboard.press("Enter")
    await expect(panel.locator(".row-unread")).to_have_count(0)
    await expect(ana.locator("#announcer")).to_have_text("Todas marcadas como leídas")
    await ana.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(ana.locator("#bell")).to_be_focused()


async def test_the_first_stop_skips_to_the_content(visit: Visit, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    await ana.keyboard.press("Tab")
    skip = ana.get_by_role("link", name="Saltar al contenido")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await ana.keyboard.press("Enter")
    await expect(ana.locator("#main")).to_be_focused()
    await ana.keyboard.press("Tab")
    await expect(ana.locator("#main :focus")).to_have_count(1)


async def test_a_key_leads_to_the_toasts_and_back(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    customer = ana.get_by_label("Cliente")
    await customer.fill("Mar")
    for title in ("Primera", "Segunda"):
        await publish(title=title, actions=ACTION)
    toasts = ana.get_by_role("region", name="Notificaciones nuevas (F8)")
    await expect(toasts.locator(".toast")).to_have_count(2)
    await expect(customer).to_be_focused()

    await ana.keyboard.press("F8")
    await expect(toasts.get_by_role("link", name="Segunda")).to_be_focused()
    await ana.keyboard.press("Tab")
    await expect(toasts.get_by_role("link", name="Ver venta").last).to_be_focused()
    await ana.keyboard.press("Tab")
    await ana.keyboard.press("Enter")  # on its button to close it
    await expect(toasts.locator(".toast")).to_have_count(1)
    await expect(toasts.get_by_role("link", name="Primera")).to_be_focused()
    await ana.keyboard.press("Escape")
    await expect(toasts.locator(".toast")).to_have_count(0)
    await expect(customer).to_be_focused()
    await ana.keyboard.type("ía")
    await expect(customer).to_have_value("María")


async def test_who_types_goes_on_typing_when_something_arrives(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    customer = ana.get_by_label("Cliente")
    await customer.focus()
    for count, letters in enumerate(("Ma", "rí", "a"), 1):
        await ana.keyboard.type(letters)
        await publish(title=f"Interrupción {count}", actions=ACTION)
        await expect(badge(ana)).to_have_text(str(count))
        await expect(ana.locator(".toast")).to_have_count(count)
        await expect(customer).to_be_focused()
    await expect(customer).to_have_value("María")


async def test_a_row_is_read_without_a_mouse(
    visit: Visit, publish: Publish, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Vieja"})
    ana = await is_live(await visit(cast.ana_admin))
    row = ana.locator(".row", has_text="Vieja")
    button = row.get_by_role("button", name="Marcar como leída")
    await button.focus()
    await expect(row.locator(".row-tools")).to_have_css("opacity", "1")
    await publish(title="Nueva")
    await expect(badge(ana)).to_have_text("2")
    await expect(button).to_be_focused()  # what is being read stays where it is

    await ana.keyboard.press("Enter")
    await expect(badge(ana)).to_have_text("1")
    await expect(row.get_by_role("button", name="Marcar como no leída")).to_be_focused()
    await ana.get_by_role("button", name="1 notificación nueva").press("Space")
    await expect(ana.locator(".row")).to_have_count(2)
    await expect(ana.locator("#main")).to_be_focused()


async def test_a_list_that_looks_again_keeps_the_keyboard_in_its_row(
    visit: Visit, cast: Cast
) -> None:
    luis = await visit(cast.luis_colleague)
    await sell_unseen(luis, "María")
    ana = await is_live(await visit(cast.ana_admin, "/sales"))
    pay = ana.locator("tr.sale", has_text="María").get_by_role("button", name="Confirmar pago")
    await pay.focus()
    await sell_unseen(luis, "José")
    await expect(ana.locator("tr.sale")).to_have_count(2)
    await expect(pay).to_be_focused()


async def test_single_keys_walk_through_the_page(visit: Visit, db: Database, cast: Cast) -> None:
    await post(db, {"title": "Primera"}, {"title": "Segunda"}, {"title": "Tercera"})
    ana = await is_live(await visit(cast.ana_admin))
    first, second, third = (ana.locator(".row", has_text=title) for title in ORDER)
    await ana.keyboard.press("j")
    await expect(first.locator(".row-link")).to_be_focused()
    await ana.keyboard.press("ArrowDown")
    await expect(second.locator(".row-link")).to_be_focused()
    await ana.keyboard.press("e")
    await expect(second).not_to_contain_class("row-unread")
    await expect(badge(ana)).to_have_text("2")
    await expect(second.locator(".row-link")).to_be_focused()
    await ana.keyboard.press("u")
    await expect(badge(ana)).to_have_text("3")
    await ana.keyboard.press("x")
    await expect(second.locator("input[type=checkbox]")).to_be_checked()
    await ana.keyboard.press("j")
    await ana.keyboard.press("#")
    await expect(third).to_have_count(0)
    await expect(second.locator(".row-link")).to_be_focused()
    await ana.keyboard.press("/")
    await expect(ana.get_by_role("searchbox")).to_be_focused()
    await ana.keyboard.type("jex#?")
    await expect(ana.get_by_role("searchbox")).to_have_value("jex#?")
    await expect(ana.get_by_role("dialog")).to_have_count(0)


async def test_the_keys_are_listed_and_can_be_switched_off(visit: Visit, cast: Cast) -> None:
    ana = await is_live(await visit(cast.ana_admin, "/sales"))
    for key in ("g", "n"):
        await ana.keyboard.press(key)
        await expect(ana.locator("#panel-title")).to_be_focused()
        await ana.keyboard.press("Escape")
    await ana.keyboard.press("?")
    listed = ana.get_by_role("dialog", name="Atajos de teclado")
    await expect(listed.get_by_role("heading")).to_be_focused()
    await listed.get_by_label("Las teclas sueltas funcionan").uncheck()
    await ana.keyboard.press("Escape")
    await expect(listed).to_be_hidden()
    await ana.reload()
    await is_live(ana)
    for key in ("n", "?"):
        await ana.keyboard.press(key)
    await expect(ana.get_by_role("dialog")).to_have_count(0)

    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="Atajos de teclado").click()
    await listed.get_by_label("Las teclas sueltas funcionan").check()
    await ana.keyboard.press("Escape")
    await ana.keyboard.press("n")
    await expect(ana.get_by_role("dialog", name="Notificaciones")).to_be_visible()
