"""Everything works with JavaScript off: links and forms are real."""

from __future__ import annotations

from playwright.async_api import expect

from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import badge, sell
from tests.cast import PASSWORD, Cast
from tests.post import post

pytestmark = IN_BROWSERS

MILK = {"title": "Poca leche", "type": "stock:low", "url": "/notifications?type=stock:low"}


async def test_notifications_are_found_read_and_deleted(
    visit: Visit, db: Database, cast: Cast
) -> None:
    await post(db, *[{"title": f"Número {number}"} for number in range(22)])
    await post(db, MILK)
    ana = await visit(None, java_script_enabled=False)
    await ana.get_by_label("Correo").fill(cast.ana_admin.email)
    await ana.get_by_label("Contraseña").fill(PASSWORD)
    await ana.get_by_role("button", name="Iniciar sesión").click()
    await expect(badge(ana)).to_have_text("23")
    await expect(ana.locator(".row")).to_have_count(20)
    await ana.get_by_role("link", name="Cargar más").click()
    await expect(ana.locator(".row")).to_have_count(3)

    await ana.goto("/sales")
    await ana.locator("#bell").click()  # a link, without the script that makes it a button
    row = ana.locator(".row", has_text="Número 21")
    for button, unread in (("Marcar como leída", "22"), ("Marcar como no leída", "23")):
        await row.hover()
        await row.get_by_role("button", name=button).click()
        await expect(badge(ana)).to_have_text(unread)
    await row.hover()
    await row.get_by_role("button", name="Eliminar").click()
    await expect(row).to_have_count(0)
    await expect(badge(ana)).to_have_text("22")
    await ana.get_by_role("button", name="Deshacer").click()
    await expect(row).to_have_count(1)

    await ana.get_by_role("checkbox", name="Elegir: Número 21").check(force=True)
    await ana.get_by_role("checkbox", name="Elegir: Número 20").check(force=True)
    await ana.locator("#selection").get_by_role("button", name="Eliminar").click()
    await expect(badge(ana)).to_have_text("21")
    await ana.get_by_role("link", name="Eliminadas").click()
    await expect(ana.locator(".row")).to_have_count(2)
    await row.hover()
    await row.get_by_role("button", name="Restaurar").click()
    await expect(badge(ana)).to_have_text("22")

    await ana.goto("/notifications")
    await ana.get_by_role("searchbox").fill("leche poc")
    await ana.get_by_role("searchbox").press("Enter")
    await expect(ana.locator("mark")).to_have_text(["Poca", "leche"])
    await ana.goto("/notifications")

    await ana.get_by_role("link", name="Stock bajo").click()
    await expect(ana.locator(".row")).to_have_count(1)
    await ana.get_by_role("link", name="Poca leche").click()
    await expect(badge(ana)).to_have_text("21")
    await ana.get_by_role("link", name="Sin leer 21").click()
    await expect(ana.get_by_text("Todo al día")).to_be_visible()
    await ana.get_by_role("button", name="Marcar 21 como leídas").click()
    await expect(ana.locator("#bell-badge")).to_be_hidden()

    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="English").click()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Notifications")
    await ana.locator(".person summary").click()
    await ana.get_by_role("button", name="Sign out").click()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Sign in")
    await ana.goto("/notifications")
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Sign in")


async def test_a_sale_is_made_changed_cancelled_and_listed(visit: Visit, cast: Cast) -> None:
    luis = await visit(cast.luis_colleague, java_script_enabled=False)
    await luis.get_by_role("link", name="Mis ventas").click()
    await luis.get_by_role("link", name="Venta nueva").click()
    await luis.get_by_role("button", name="Guardar venta").click()
    await expect(luis.get_by_text("¿Quién es el cliente?")).to_be_visible()
    await sell(luis, "María", "3")
    await luis.get_by_role("link", name="Cambiar").click()
    await luis.get_by_label("Total").fill("4")
    await luis.get_by_role("button", name="Guardar venta").click()
    await expect(luis.locator("#sale")).to_contain_text("$4.00")
    await luis.locator("summary", has_text="Cancelar esta venta").click()
    await luis.get_by_label("Motivo").fill("Se fue")
    await luis.get_by_role("button", name="Cancelar esta venta").click()
    await expect(luis.locator("#sale")).to_contain_text("Se fue")

    ana = await visit(cast.ana_admin, java_script_enabled=False)
    await expect(ana.locator("#sales-badge > [aria-hidden]")).to_have_text("1")
    await ana.get_by_role("link", name="Ventas").click()
    await expect(ana.locator("tr.sale", has_text="María")).to_contain_text("Cancelada")
    await expect(ana.locator("#sales-badge")).to_be_hidden()
