"""A session ends: by its person, by an administrator. What is left open hears nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from campana import users
from campana.db import Database
from tests.browser import IN_BROWSERS
from tests.browser.conftest import Visit
from tests.browser.pages import ELSEWHERE, badge, beside, connection, is_live, watched
from tests.browser.site import Site
from tests.cast import ACTOR, PASSWORD, Cast, Member
from tests.corridor.conftest import Publish
from tests.waiting import eventually

pytestmark = IN_BROWSERS

Change = Callable[[Database, Member], Awaitable[None]]


async def test_the_next_person_sees_nothing_of_the_first(
    visit: Visit, publish: Publish, site: Site, cast: Cast
) -> None:
    await publish(audience="role:ADMIN", title="Secreto de Ana")
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    left_over = await is_live(await beside(ana))
    await expect(left_over.locator(".row")).to_have_count(1)
    await _sign_out(ana)
    await _has_ended(left_over)
    await eventually(lambda: site.streams == 0)

    luis = await _sign_in(ana, cast.luis_colleague)
    await publish(audience="role:ADMIN", title="Otro secreto de Ana")
    for_luis = await publish(audience="role:STAFF", title="De Luis")
    await expect(luis.locator(".row-title")).to_contain_text(["De Luis"])
    await expect(badge(luis)).to_have_text("1")
    await expect(luis.locator(".row")).to_have_count(1)
    assert (await watched(luis))["heard"] == [str(for_luis)]

    assert (await watched(left_over))["heard"] == []
    await expect(left_over.locator(".row")).to_have_count(1)
    await expect(badge(left_over)).to_have_text("1")
    await expect(left_over).to_have_title("(1) Notificaciones · Campana")
    await _has_ended(left_over)


async def test_a_page_left_over_does_nothing_in_the_next_person_s_name(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin, ELSEWHERE))
    await publish(title="Para Ana", audience=f"user:{cast.ana_admin.id}")
    await expect(badge(ana)).to_have_text("1")
    left_over = await is_live(await beside(ana))
    await _sign_out(ana)
    await _has_ended(left_over)
    luis = await _sign_in(ana, cast.luis_colleague)
    await publish(title="Para todos")
    await expect(badge(luis)).to_have_text("1")

    await left_over.get_by_role("button", name="Marcar 1 como leída").click()
    await expect(left_over.locator(".toast")).to_contain_text("Tu sesión terminó")
    await expect(badge(luis)).to_have_text("1")

    await left_over.get_by_role("link", name="Iniciar sesión").click()
    await is_live(left_over)
    await expect(left_over.locator(".person-name")).to_contain_text(cast.luis_colleague.name)


async def test_who_signs_in_over_somebody_takes_nothing_over(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    """Ana never signs out: her tab asks for a new stream when the cookie is already Luis's."""
    luis = await visit(path="/login", timings={"backoffLeast": 1000})
    left_over = await _sign_in(await beside(luis, "/login"), cast.ana_admin)
    await _sign_in_here(luis, cast.luis_colleague)
    await _has_ended(left_over)
    await publish(title="Para todos")
    await expect(badge(luis)).to_have_text("1")
    assert (await watched(left_over))["heard"] == []
    await expect(left_over.locator("#bell-badge")).to_be_hidden()


async def test_the_way_back_does_not_lead_into_the_session_before(
    visit: Visit, publish: Publish, cast: Cast
) -> None:
    await publish(audience="role:ADMIN", title="Secreto de Ana")
    ana = await is_live(await visit(cast.ana_admin))
    await expect(ana.get_by_text("Secreto de Ana")).to_be_visible()
    await _sign_out(ana)
    await ana.go_back()
    await expect(ana.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
    luis = await _sign_in(ana, cast.luis_colleague)
    for _ in range(3):
        await luis.go_back()
        await expect(luis.get_by_text("Secreto de Ana")).to_have_count(0)


async def _deactivate(db: Database, member: Member) -> None:
    await users.deactivate(db, member.tenant_id, member.id, actor=ACTOR)


async def _change_role(db: Database, member: Member) -> None:
    await users.change_role(db, member.tenant_id, member.id, "COOK", actor=ACTOR)


@pytest.mark.usefixtures("without_sweeps")
@pytest.mark.parametrize("change", [_deactivate, _change_role])
async def test_who_loses_rights_loses_the_stream_at_once(
    visit: Visit, publish: Publish, cast: Cast, db: Database, change: Change
) -> None:
    luis = await is_live(await visit(cast.luis_colleague))
    tab = await is_live(await beside(luis, ELSEWHERE))
    rosa = await is_live(await visit(cast.rosa_colleague))
    await change(db, cast.luis_colleague)
    for page in (luis, tab):
        await _has_ended(page)

    await publish(title="Para quien sigue aquí")
    await expect(badge(rosa)).to_have_text("1")
    for page in (luis, tab):
        assert (await watched(page))["heard"] == []
        await expect(page.locator("#bell-badge")).to_be_hidden()
    await luis.reload()
    await expect(luis.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")


async def _sign_out(page: Page) -> None:
    await page.locator(".person summary").click()
    await page.get_by_role("button", name="Cerrar sesión").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")


async def _sign_in(page: Page, member: Member) -> Page:
    await page.goto("/login")
    return await _sign_in_here(page, member)


async def _sign_in_here(page: Page, member: Member) -> Page:
    await page.get_by_label("Correo").fill(member.email)
    await page.get_by_label("Contraseña").fill(PASSWORD)
    await page.get_by_role("button", name="Iniciar sesión").click()
    return await is_live(page)


async def _has_ended(page: Page) -> None:
    await expect(connection(page)).to_have_text("Sesión terminada")
    await expect(page.get_by_role("link", name="Iniciar sesión")).to_be_visible()
