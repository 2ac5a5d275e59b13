"""Networks that people have: proxies that hold streams back, servers that say no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Route, expect

from campana.db import Database
from tests.browser.conftest import Site, Visit, badge, is_live, reload_with
from tests.cast import Cast
from tests.post import post

pytestmark = pytest.mark.browser

IMPATIENT = '{"firstByte": 500, "poll": 1000, "backoffBase": 100}'


@asynccontextmanager
async def buffering_proxy(site: Site) -> AsyncIterator[int]:
    """Passes requests on, and each answer only when it is complete: its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [
                line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            ]
            body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
            up, down = await asyncio.open_connection("127.0.0.1", site.port)
            head = head.replace(b"Connection: keep-alive", b"Connection: close")
            down.write(head + body)
            writer.write(await up.read())
            await writer.drain()
            down.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_behind_a_proxy_that_holds_streams_back_it_polls_and_says_so(
    visit: Visit, db: Database, site: Site, cast: Cast
) -> None:
    async with buffering_proxy(site) as port:
        ana = await visit(cast.ana_admin, base_url=f"http://127.0.0.1:{port}")
        await reload_with(ana, 'id="live"', f"id=\"live\" data-timings='{IMPATIENT}'")
        await expect(ana.locator(".live-words")).to_have_text(
            "Actualizando cada 1 s", timeout=10000
        )
        await post(db, {"title": "Con retraso"})
        await expect(badge(ana)).to_have_text("1")
        await expect(ana.locator(".row")).to_have_count(1)
        row = ana.locator(".row")
        await row.hover()
        await row.get_by_role("button", name="Marcar como leída").click()
        await expect(ana.locator("#bell-badge")).to_be_hidden()


async def test_a_server_that_says_no_more_is_asked_no_more(
    visit: Visit, site: Site, cast: Cast
) -> None:
    ana = await is_live(await visit(cast.ana_admin))
    asked: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=410)

    await ana.context.add_init_script("delete window.SharedWorker")
    await ana.route("**/stream?*", refuse)
    await ana.reload()
    await expect(ana.locator(".live-words")).to_have_text("Desconectado")
    await ana.wait_for_timeout(1000)
    assert len(asked) == 1
