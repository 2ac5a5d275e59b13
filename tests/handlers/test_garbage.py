"""No route answers 5xx to bad input: every route, garbage in every place."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from yarl import URL

from tests.handlers.test_access import routes

IDS = ["x", "%00", "%FF", "%ED%A0%80", "..%2F..", "9" * 400, "%F0%9F%94%94", "-1", "null", "'--"]
VALUES = [
    "",
    "x",
    "%00",
    "%FF",
    "%ED%A0%80",
    "-1",
    "99999999999999999999",
    "1e9",
    "[]",
    "%F0%9F%94%94",
]
PARAMETERS = ["page", "limit", "unread", "type", "q", "cursor", "before", "filter", "last_event_id"]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
NAMES = ["ids", "id", "upTo", "up_to", "locale", "theme", "type", "audience", "amount", "customer"]
BODIES = [
    (JSON, b""),
    (JSON, b"null"),
    (JSON, b"[]"),
    (JSON, b"[[]]"),
    (JSON, b"7"),
    (JSON, b'"\\ud800"'),
    (JSON, b'{"a": ' * 2000),
    (JSON, b"\xff\xfe"),
    (JSON, b'{"\\u0000": "\\u0000"}'),
    *[
        (JSON, b'{"%b": %b}' % (name.encode(), value))
        for name in NAMES
        for value in (b"null", b"-1", b"1e400", b"[[[]]]", b'{"a": {}}', b'"\\u0000"', b"9" * 40)
    ],
    *[
        (FORM, f"{name}={value}".encode())
        for name in NAMES
        for value in ("", "%00", "%FF", "-1", "9" * 40, "%F0%9F%94%94")
    ],
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
    ("text/plain", b"hello"),
    ("nonsense", b"{}"),
    ("application/cloudevents+json", b'{"specversion": 1}'),
    ("application/json; charset=nope", b"{}"),
]


@pytest.fixture
def asked(app):
    """Method and path of every route, streams as their finite twins."""
    return [
        (route.method, route.path + ("?poll=1" if route.path.endswith("/stream") else ""))
        for route in routes(app)
        if route.path not in ("/login", "/logout")  # they have tests of their own
    ]


async def broken(browser, requests, headers):
    """What answers 5xx; eight at a time."""
    found, places = [], asyncio.Semaphore(8)

    async def ask(method, address, kind=None, body=None):
        sent = {**headers, **({"Content-Type": kind} if kind else {})}
        url = URL(str(browser.make_url("/")).rstrip("/") + address, encoded=True)
        async with (
            places,
            browser.session.request(
                method, url, headers=sent, data=body, allow_redirects=False
            ) as answer,
        ):
            if answer.status >= 500 and "health" not in address:  # nothing runs here
                found.append(f"{method} {address} {kind} {body} {answer.status}")

    await asyncio.gather(*(ask(*request) for request in requests))
    return found


async def test_garbage_in_the_path(client, cast, asked):
    requests = [
        (method, path.replace("{id}", garbage).replace("{path}", garbage))
        for method, path in asked
        if "{" in path
        for garbage in IDS
    ]
    assert requests
    assert await broken(await client(cast.ana_admin), requests, {}) == []


async def test_garbage_in_the_query(client, cast, asked):
    requests = [
        (method, f"{path}{'&' if '?' in path else '?'}{name}={value}")
        for method, path in asked
        if "{" not in path and method == "GET"
        for name, value in itertools.product(PARAMETERS, VALUES)
    ]
    assert await broken(await client(cast.ana_admin), requests, {}) == []


async def test_garbage_in_the_body(client, cast, asked):
    requests = [
        (method, path.replace("{id}", str(cast.norte)), kind, body)
        for method, path in asked
        if method not in ("GET", "DELETE")
        for kind, body in BODIES
    ]
    assert await broken(await client(cast.ana_admin), requests, {}) == []


async def test_garbage_for_whom_a_key_acts(client, cast, asked):
    requests = [
        (method, f"{path}{'&' if '?' in path else '?'}user={value}")
        for method, path in asked
        if path.startswith("/api/") and "{" not in path
        for value in VALUES
    ]
    headers = {"X-API-Key": cast.norte_key}
    assert await broken(await client(), requests, headers) == []


async def test_garbage_in_headers(client, cast, asked):
    odd = {
        "Last-Event-ID": "é-99999999999999999999999",
        "Idempotency-Key": "é" * 300,
        "Accept-Language": "*;q=nan,xx-" + "a" * 3000,
        "X-Forwarded-For": ", ".join(["::1"] * 200),
        "If-None-Match": '"',
        "Accept": "\x80/*",
        "Range": "bytes=9-1",
    }
    requests = [
        (method, path.replace("{id}", "x").replace("{path}", "css/base.css"))
        for method, path in asked
    ]
    browser = await client(cast.ana_admin)
    for name, value in odd.items():
        assert await broken(browser, requests, {name: value}) == []
