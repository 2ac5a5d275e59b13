"""The essential stories once more, in Firefox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from campana.db import Database
from handlers.session_storage import COOKIE
from tests.browser import IN_BROWSERS
from tests.browser.bidi import Firefox, running
from tests.browser.complaints import TELL
from tests.browser.conftest import on_one_loop
from tests.browser.firefox import Person, Tab, person
from tests.browser.pages import ELSEWHERE, LINGER, WATCH, hurry
from tests.browser.site import Site
from tests.cast import PASSWORD, Cast, Member
from tests.conftest import signed_in
from tests.corridor.conftest import Publish
from tests.post import post

pytestmark = IN_BROWSERS

Meet = Callable[..., Awaitable[Person]]

QUICKLY = {"backoffBase": 200, "backoffMost": 400}
BADGE = "#bell-badge > [aria-hidden]"
CONNECTION = ".live-words"
HEARD = "watched.heard.length"


@on_one_loop(scope="session")
async def firefox() -> AsyncIterator[Firefox]:
    async with running() as firefox:
        yield firefox


@on_one_loop()
async def meet(firefox: Firefox, site: Site, db: Database) -> AsyncIterator[Meet]:
    """`await meet(cast.ana_admin)`: a browser of her own, signed in (nobody: signed out)."""
    firefox.complaints.clear()
    async with AsyncExitStack() as people:

        async def meet(member: Member | None = None) -> Person:
            script = TELL + WATCH + LINGER + hurry(QUICKLY)
            somebody = await people.enter_async_context(person(firefox, site.url, script))
            if member is not None:
                await somebody.sign_in(COOKIE, await signed_in(db, member))
            return somebody

        yield meet
    assert not firefox.complaints, firefox.complaints


async def test_who_signs_in_hears_the_bell_and_after_signing_out_nothing(
    meet: Meet, publish: Publish, site: Site, cast: Cast
) -> None:
    luis = await _opened(await meet(cast.luis_colleague), ELSEWHERE)
    ana = await (await meet()).open("/login")
    await ana.click("#email")
    await ana.type(cast.ana_admin.email, "Tab", PASSWORD, "Enter")
    await ana.reads("h1", "Notificaciones")
    await ana.goto(ELSEWHERE)
    await _is_live(ana)

    await ana.to_front()
    await publish(audience="role:ADMIN", title="Solo para Ana")
    await ana.reads(BADGE, "1")
    await ana.reads(".toast-title", "Solo para Ana")
    await ana.gives("document.title", "(1) Venta nueva · Campana")
    await publish(audience="role:STAFF", title="Solo para Luis")
    await luis.reads(BADGE, "1")
    await luis.gives(HEARD, 1)

    left_over = await _opened(ana.person, "/notifications")
    await ana.to_front()
    await ana.click(".person summary")
    await ana.click(".menu-foot button")
    await ana.reads("h1", "Iniciar sesión")
    await left_over.reads(CONNECTION, "Sesión terminada")
    await publish(title="Para quien sigue aquí")
    await luis.reads(BADGE, "2")
    await left_over.gives(HEARD, 0)
    await ana.back()
    await ana.reads("h1", "Iniciar sesión")


async def test_two_tabs_share_a_stream_and_what_is_read_here_shows_there(
    meet: Meet, publish: Publish, site: Site, cast: Cast
) -> None:
    ana = await meet(cast.ana_admin)
    elsewhere = await _opened(ana, ELSEWHERE)
    tab = await _opened(ana, "/notifications")
    assert site.streams == 1
    await publish(title="Una")
    await publish(title="Otra")
    for page in (elsewhere, tab):
        await page.reads(BADGE, "2")
    await tab.gives("document.querySelectorAll('.row-unread').length", 2)

    await tab.click(".row [action$='/read'] button")
    for page in (elsewhere, tab):
        await page.reads(BADGE, "1")
    await elsewhere.to_front()
    await elsewhere.click("#bell")
    await elsewhere.gives("document.querySelectorAll('#latest .row').length", 2)
    await elsewhere.gives("document.querySelectorAll('#latest .row-unread').length", 1)
    assert site.streams == 1


async def test_a_server_that_comes_back_tells_what_happened_meanwhile(
    meet: Meet, publish: Publish, site: Site, cast: Cast
) -> None:
    ana = await meet(cast.ana_admin)
    tabs = [await _opened(ana, path) for path in ("/notifications", ELSEWHERE)]
    await publish(title="Antes")
    for tab in tabs:
        await tab.reads(BADGE, "1")
    await site.stop()
    for tab in tabs:
        await tab.reads(CONNECTION, "Reconectando…")
    for number in range(5):
        await publish(title=f"Mientras {number}")
    await site.start()
    for tab in tabs:
        await tab.reads(CONNECTION, "Tiempo real")
        await tab.reads(BADGE, "6")
        await tab.gives(HEARD, 6)
    await tabs[0].to_front()
    await tabs[0].gives("document.querySelectorAll('#inbox .row').length", 6)


async def test_the_page_of_notifications_finds_and_marks(
    meet: Meet, db: Database, cast: Cast
) -> None:
    await post(db, {"title": "Reservación de Inés"}, {"title": "Otra"}, {"title": "Reserva"})
    ana = await _opened(await meet(cast.ana_admin), "/notifications")
    await ana.click("#q")
    await ana.type("ines reserv")
    await ana.reads("mark", "Reservación", "Inés")
    await ana.gives("document.activeElement.id", "q")
    await ana.gives("location.search", "?q=ines+reserv")
    await ana.click(".row-pick input")
    await ana.reads(".selection-count", "1 elegida")
    await ana.click(".row [action$='/read'] button")
    await ana.reads(BADGE, "2")
    await ana.gives("document.querySelectorAll('.row-unread').length", 0)


@pytest.mark.parametrize("is_kept", [False, True])
async def test_who_goes_away_and_comes_back_finds_nothing_stale(
    meet: Meet, publish: Publish, site: Site, cast: Cast, is_kept: bool
) -> None:
    """Pages that are never stored are loaded again; one that was kept alive lives on."""
    if is_kept:
        await site.restart(_may_be_kept)
    ana = await _opened(await meet(cast.ana_admin), "/notifications")
    await publish(title="Antes")
    await ana.reads(BADGE, "1")
    await ana.reads("#sales-badge > [aria-hidden]", "1")
    await ana.gives("document.querySelectorAll('#inbox .row').length", 1)
    await ana.gives("document.querySelectorAll('.htmx-request').length", 0)  # else it is not kept
    await ana.evaluate("window.isTheSame = true")
    await ana.goto(ELSEWHERE)
    await _is_live(ana)
    await publish(title="Mientras tanto")
    await ana.reads(BADGE, "2")

    await ana.back()
    await ana.reads("h1", "Notificaciones")
    await ana.gives("window.isTheSame ?? false", is_kept)
    await ana.reads(BADGE, "2")
    await ana.gives("document.querySelectorAll('#inbox .row').length", 2)
    await _is_live(ana)
    await publish(title="Después")
    await ana.reads(BADGE, "3")
    await ana.gives("document.querySelectorAll('#inbox .row').length", 3)


async def _may_be_kept(request: web.Request, response: web.StreamResponse) -> None:
    if response.content_type == "text/html":
        response.headers["Cache-Control"] = "no-cache"


async def _opened(somebody: Person, path: str) -> Tab:
    return await _is_live(await somebody.open(path))


async def _is_live(tab: Tab) -> Tab:
    await tab.gives("document.getElementById('live').dataset.state", "live")
    return tab
