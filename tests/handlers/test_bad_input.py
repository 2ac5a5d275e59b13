"""Whatever comes in, a clear 4xx goes out, with every header that protects."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import AsyncExitStack

import pytest
import structlog
from aiohttp import web

from handlers import inputs, replies
from handlers.guards import public
from tests.waiting import eventually

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def app(app):
    """With a route that breaks and one that answers what it was sent."""
    app.router.add_get("/api/test/broken", broken)
    app.router.add_post("/api/test/echo", echo)
    return app


@public
async def broken(_request: web.Request) -> web.Response:
    raise ZeroDivisionError("secret insides")


@public
async def echo(request: web.Request) -> web.Response:
    return replies.json(await inputs.json_body(request))


async def raw(browser, request: bytes) -> tuple[int, bytes]:
    """The answer to bytes that no client library would send."""
    reader, writer = await asyncio.open_connection(browser.host, browser.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return int(answer.split()[1]), answer


def get(target: bytes, *lines: bytes) -> bytes:
    head = [b"GET " + target + b" HTTP/1.1", b"Host: x", b"Connection: close", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n"


@pytest.mark.parametrize(
    "target",
    [
        b"/%00",
        b"/login?next=%00",
        b"/%zz",
        b"/%ff%fe",
        b"/%ed%a0%80",
        b"/login/../../etc/passwd",
        b"/static/../main.py",
        b"/static/%2e%2e/main.py",
        b"/static/%00",
        b"/static/" + b"a" * 5000,
        b"//evil.example/",
        b"http://evil.example/x",
        b"/\xff",
        b"*",
        b"x",
        b"/api/nothing",
    ],
)
async def test_addresses_that_lead_nowhere(client, target):
    status, _ = await raw(await client(), get(target))
    assert 400 <= status < 500


@pytest.mark.parametrize(
    "target", [b"/login?next=%ff", b"/login?next=%zz", b"/login?next=%ed%a0%80", b"/login?=&&;"]
)
async def test_queries_that_mean_nothing_do_no_harm(client, target):
    status, answer = await raw(await client(), get(target, b"Accept: text/html"))
    assert status == 200
    assert b'name="next"' not in answer


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (URLENCODED, b"email=%ff", 400),
        (URLENCODED, b"email=\xff", 400),
        (URLENCODED, b"email=%00&password=x", 400),
        (URLENCODED, b"email=%ed%a0%80", 400),
        (URLENCODED, b"a=1&" * 2000, 400),
        (URLENCODED + "; charset=nope", b"email=a", 401),
        ("multipart/form-data", b"x", 415),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nabc\r\n--x--", 415),
        ("text/plain", b"email=a", 415),
        ("application/json", b"{}", 415),
        (URLENCODED, b"", 401),
        (URLENCODED, b"email=a&email=b&password[]=c", 401),
    ],
)
async def test_forms_that_cannot_be_read(client, kind, body, status):
    browser = await client()
    answer = await browser.post("/login", data=body, headers={"Content-Type": kind})
    assert answer.status == status
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [("/login", URLENCODED, 512 * 1024), ("/api/test/echo", "application/json", 8 * 1024 * 1024)],
)
@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(client, path, kind, most, is_announced):
    browser, body = await client(), b"a" * (most + 1)

    async def in_pieces():
        yield body

    sent = body if is_announced else in_pieces()
    answer = await browser.post(path, data=sent, headers={"Content-Type": kind})
    assert answer.status == 413
    told = await answer.json()
    assert told["code"] == "too_large"
    assert ("8 MiB" if path.startswith("/api/") else "512 KiB") in told["detail"]


@pytest.mark.parametrize("path", ["/login", "/invitation", "/api/events"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_a_compressed_body_is_refused_whatever_is_in_it(client, cast, path, coding):
    browser = await client()
    kind = "application/json" if path.startswith("/api/") else URLENCODED
    for body in (b"\x1f\x8bnonsense", gzip.compress(b"{}"), b"{}"):
        answer = await raw(
            browser,
            f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n"
            f"X-API-Key: {cast.norte_key}\r\nContent-Encoding: {coding}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body,
        )
        assert 400 <= answer[0] < 500, answer


@pytest.mark.parametrize("path", ["/login", "/api/events"])
async def test_who_leaves_in_the_middle_of_a_body_is_no_failure_of_ours(app, cast, path):
    """Nobody may fill the log, or raise the alert of a tenant for failed requests."""
    runner = web.AppRunner(app)  # as main.py: a test server would cancel the handler
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kind = "application/json" if path.startswith("/api/") else URLENCODED
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
        f"X-API-Key: {cast.norte_key}\r\nExpect: 100-continue\r\nContent-Length: 90000\r\n\r\n["
    )
    with structlog.testing.capture_logs() as lines:
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(head.encode())
        assert b"100 Continue" in await reader.readline()
        writer.transport.abort()
        await eventually(lambda: "request" in [line["event"] for line in lines])
    await runner.cleanup()
    assert [line["event"] for line in lines] == ["request"]
    assert lines[0]["status"] == 400


async def test_findings_by_the_hundred_thousand_are_not_all_put_into_words(client, cast):
    browser = await client(cast.ana_admin)
    for body in (
        b"[%b]" % b",".join([b'"\\u0000"'] * 100_000),
        b'{"a": 1, %b}' % b",".join(b'"f%d": 1' % number for number in range(100_000)),
    ):
        answer = await asyncio.wait_for(
            browser.post(
                "/api/notifications/read-all",
                data=body,
                headers={"Content-Type": "application/json"},
            ),
            5,
        )
        assert answer.status == 422
        told = await answer.json()
        assert 1 <= len(told["errors"]) <= 100


async def test_an_unknown_address_and_a_wrong_method(client):
    browser = await client()
    answer = await browser.get("/nothing")
    assert (answer.status, (await answer.json())["code"]) == (404, "not_found")
    answer = await browser.delete("/login")
    assert (answer.status, (await answer.json())["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET,HEAD,POST"
    assert (await answer.json())["detail"] == "Ask with GET, HEAD, POST."


async def test_people_get_a_page_and_htmx_too(client):
    browser = await client()
    for headers in ({"Accept": "text/html"}, {"HX-Request": "true"}):
        answer = await browser.get("/nothing", headers=headers)
        assert (answer.status, answer.content_type) == (404, "text/html")


async def test_a_signed_in_reader_is_told_so_in_his_own_language(client, cast):
    browser = await client(cast.luis_colleague, **{"Accept-Language": "en"})
    answer = await browser.get("/nothing", headers={"Accept": "text/html"})
    page = await answer.text()
    assert answer.status == 404
    assert '<html lang="es"' in page
    assert cast.luis_colleague.name in page


@pytest.mark.parametrize("path", ["/nothing", "/login", "/static/css/base.css", "/api/nothing"])
async def test_every_answer_is_protected(client, path):
    answer = await (await client()).get(path)
    headers = answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers  # plain http
    assert len(headers["X-Request-ID"]) == 32
    assert "aiohttp" not in headers["Server"]


async def test_a_request_keeps_the_id_it_came_with_if_it_is_one(client):
    browser = await client()
    for given, kept in (("order-4711.b", True), ("<script>", False), ("x" * 65, False)):
        answer = await browser.get("/login", headers={"X-Request-ID": given})
        assert (answer.headers["X-Request-ID"] == given) is kept


async def test_our_own_mistakes_tell_nothing_about_our_insides(client):
    answer = await (await client()).get("/api/test/broken")
    assert answer.status == 500
    assert "secret" not in await answer.text()
    assert (await answer.json())["code"] == "internal_error"
    assert "X-Request-ID" in answer.headers


async def test_a_database_that_hangs_is_said_to_be_away(client, cast, db, monkeypatch):
    """All connections are taken by requests that get no answer."""
    browser = await client(cast.ana_admin)
    async with AsyncExitStack() as taken:
        for _ in range(5):  # the pool of tests/conftest.py
            await taken.enter_async_context(db.anonymous())
        monkeypatch.setattr("campana.db.WAIT", 0.2)
        with structlog.testing.capture_logs() as lines:
            answer = await browser.get("/api/notifications")
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
    (told,) = [line for line in lines if line["event"] == "request"]
    assert told["error"] == "TimeoutError"
    assert not [line for line in lines if line.get("exc_info")], "it passes: no story of ours"
    monkeypatch.undo()
    assert (await browser.get("/api/notifications")).status == 200


async def test_a_lost_database_is_said_to_be_away(client, cast, db):
    browser = await client(cast.ana_admin)
    await db.close()
    answer = await browser.get("/login", headers={"Accept": "application/json"})
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    answer = await browser.get("/static/css/base.css")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff", 400, None),
        (b'{"a": "\\ud800"}', 400, None),
        (b"[" * 100_000, 400, None),
        (b'{"a": NaN}', 400, None),
        (b'[{"x": 1}, {"data": {"deep": ["a\\u0000b"]}}]', 422, "[1].data.deep[0]"),
        (b'{"a\\u0000b": 1}', 422, "ab"),
        (b'{"a": "\\\\u0000"}', 200, None),
    ],
)
async def test_json_that_cannot_be_read_or_stored(client, body, status, field):
    browser = await client()
    answer = await browser.post(
        "/api/test/echo", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status == status
    if field:
        assert (await answer.json())["errors"][0]["field"] == field


async def test_the_language_and_the_theme_follow_the_reader(client, cast, owner):
    browser = await client(cast.luis_colleague)
    back = {"Referer": str(browser.make_url("/notifications?unread=1"))}
    answer = await browser.post(
        "/appearance", data={"locale": "en"}, headers=back, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/notifications?unread=1")
    locale = "select locale from campana.users where id = $1"
    assert await owner.fetchval(locale, cast.luis_colleague.id) == "en"
    elsewhere = {"Referer": "https://evil.example/x"}
    answer = await browser.post(
        "/appearance", data={"theme": "dark"}, headers=elsewhere, allow_redirects=False
    )
    assert answer.headers["Location"] == "/"
    assert answer.cookies["campana_theme"].value == "dark"


async def test_the_density_of_lists_is_kept_by_the_browser(client, cast):
    browser = await client(cast.luis_colleague)

    async def drawn():
        return await (await browser.get("/notifications", headers={"Accept": "text/html"})).text()

    assert "data-density=" not in await drawn()
    await browser.post("/appearance", data={"density": "compact"}, allow_redirects=False)
    assert 'data-density="compact"' in await drawn()
    await browser.post("/appearance", data={"density": "<b>"}, allow_redirects=False)
    assert "data-density=" not in await drawn()
    sign_in = await (await (await client()).get("/login", headers={"Accept": "text/html"})).text()
    assert 'name="theme"' in sign_in
    assert 'name="density"' not in sign_in
