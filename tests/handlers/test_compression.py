"""What travels is small: pages zipped, streams never, the first visit within 60 kB."""

from __future__ import annotations

import asyncio
import gzip
import re

import pytest

from campana.db import Database
from tests.cast import Cast
from tests.conftest import Browser, SignIn
from tests.post import post

PAGE = {"Accept": "text/html"}
MOST_BYTES = 60_000


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ],
)
async def test_pages_are_zipped_for_those_who_can_read_that(
    client: SignIn, cast: Cast, accepted: str, zipped: bool
) -> None:
    browser = await client(cast.ana_admin)
    answer = await browser.get("/sales", headers=PAGE | {"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer.headers) == zipped
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "</html>" in await answer.text()


async def test_the_length_of_a_page_tells_little(client: SignIn, cast: Cast) -> None:
    browser = await client(cast.ana_admin)
    page = PAGE | {"Accept-Encoding": "gzip"}
    lengths = {(await browser.get("/sales/new", headers=page)).content_length for _ in range(12)}
    assert len(lengths) > 3


async def test_streams_are_never_zipped(live_app: object, client: SignIn, cast: Cast) -> None:
    browser = await client(cast.ana_admin)
    for path in ("/stream", "/api/stream", "/stream?poll=1", "/api/stream?poll=1"):
        answer = await browser.get(path, headers={"Accept-Encoding": "gzip"})
        assert (answer.status, answer.content_type) == (200, "text/event-stream"), path
        assert "Content-Encoding" not in answer.headers
        answer.close()


@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_first_visit_costs_60_kb_at_most(
    db: Database, client: SignIn, cast: Cast, signed_in: bool
) -> None:
    """The page, all it names, and the head of each answer, as they are on the wire."""
    await post(db, *[{"title": f"Venta {n}", "message": f"María, ${n}.50"} for n in range(20)])
    browser = await client(cast.ana_admin if signed_in else None)
    html, total = await _fetched(browser, "/notifications" if signed_in else "/login")
    named = re.findall(r'(?:href|src|data-worker)="(/static/[^"#]+|/manifest[^"]+)', html)
    for path in {*named, "/sw.js", "/offline"}:
        total += (await _fetched(browser, path))[1]
    assert "campana.css" in " ".join(named)
    assert total <= MOST_BYTES


async def _fetched(browser: Browser, path: str) -> tuple[str, int]:
    """The text, and how many bytes came."""
    reader, writer = await asyncio.open_connection(browser.host, browser.port)
    cookies = browser.session.cookie_jar.filter_cookies(browser.make_url("/"))
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {browser.host}\r\nAccept: text/html\r\nCookie: {cookie}\r\n"
        "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), (path, head)
    text = gzip.decompress(body) if b"Content-Encoding: gzip" in head else body
    return text.decode(errors="replace"), len(answer)
