"""No route answers 5xx to bad input: every route, garbage in every place.

Much garbage is sent at once first. Where a route answers as if there were none, it looks at none of
it; where it does not, it is asked with each piece by itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

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
JSON_VALUES = ["null", "-1", "1e400", "[[[]]]", '{"a": {}}', '"\\u0000"', "9" * 40]
FORM_VALUES = ["", "%00", "%FF", "-1", "9" * 40, "%F0%9F%94%94"]
BODIES = [
    (JSON, b"null"),
    (JSON, b"[]"),
    (JSON, b"[[]]"),
    (JSON, b"7"),
    (JSON, b'"\\ud800"'),
    (JSON, b'{"a": ' * 2000),
    (JSON, b"\xff\xfe"),
    (JSON, b'{"\\u0000": "\\u0000"}'),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
    ("text/plain", b"hello"),
    ("nonsense", b"{}"),
    ("application/cloudevents+json", b'{"specversion": 1}'),
    ("application/json; charset=nope", b"{}"),
]
HEADERS = {
    "Last-Event-ID": "é-99999999999999999999999",
    "Idempotency-Key": "é" * 300,
    "Accept-Language": "*;q=nan,xx-" + "a" * 3000,
    "X-Forwarded-For": ", ".join(["::1"] * 200),
    "If-None-Match": '"',
    "Accept": "\x80/*",
    "Range": "bytes=9-1",
}
AT_ONCE = 8
VOLATILE = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+")


class Sent(NamedTuple):
    """A request; the body with its content type."""

    method: str
    address: str
    kind: str | None = None
    body: bytes | None = None
    headers: dict[str, str] = {}  # noqa: RUF012


Answer = tuple[int, str]
Ask = Callable[[Sent], Awaitable[Answer]]


class Tried(NamedTuple):
    """Pieces of garbage: `together` in one request, and each by itself."""

    together: Sent
    each: list[Sent]


@pytest.fixture
def asked(app):
    """Method and path of every route, streams as their finite twins."""
    return [
        (route.method, route.path + ("?poll=1" if route.path.endswith("/stream") else ""))
        for route in routes(app)
        if route.path not in ("/login", "/logout")  # they have tests of their own
    ]


async def broken(browser, work: Iterable[Callable[[Ask], Awaitable[None]]]) -> list[str]:
    """What answers 5xx to what `work` asks; eight of them at a time."""
    found, places = [], asyncio.Semaphore(AT_ONCE)
    here = str(browser.make_url("/")).rstrip("/")

    async def ask(sent: Sent) -> Answer:
        kind = {"Content-Type": sent.kind} if sent.kind else {}
        async with browser.session.request(
            sent.method,
            URL(here + sent.address, encoded=True),
            headers={"Accept-Encoding": "identity", **kind, **sent.headers},
            data=sent.body,
            allow_redirects=False,
        ) as answer:
            if answer.status >= 500 and "health" not in sent.address:  # nothing runs here
                found.append(f"{sent} {answer.status}")
            return answer.status, _lasting(await answer.text(errors="replace"))

    async def one(do):
        async with places:
            await do(ask)

    await asyncio.gather(*(one(do) for do in work))
    return found


def all_of(requests: Iterable[Sent]) -> Callable[[Ask], Awaitable[None]]:
    async def do(ask: Ask) -> None:
        for sent in requests:
            await ask(sent)

    return do


def where_it_matters(plain: Sent, tried: Iterable[Tried]) -> Callable[[Ask], Awaitable[None]]:
    """Each piece by itself, where all together make a difference to the plain request. First those
    in places where garbage made one before; the others when these do not explain it."""

    async def do(ask: Ask) -> None:
        usual, telling = await ask(plain), set()
        for together, each in tried:
            if await ask(together) != usual:
                known, unknown = set(telling), set(range(len(each))) - telling
                told = {place for place in known if await ask(each[place]) != usual}
                if not told:
                    telling |= {place for place in unknown if await ask(each[place]) != usual}

    return do


def _lasting(text: str) -> str:
    """An answer without what differs each time: ids and the time of day."""
    return VOLATILE.sub("", text)


def _and(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


async def test_garbage_in_the_path(client, cast, asked):
    requests = [
        Sent(method, path.replace("{id}", garbage).replace("{path}", garbage))
        for method, path in asked
        if "{" in path
        for garbage in IDS
    ]
    assert requests
    assert await broken(await client(cast.ana_admin), [all_of([one]) for one in requests]) == []


async def test_garbage_in_the_query(client, cast, asked):
    def tried(path: str, value: str) -> Tried:
        pairs = [f"{name}={value}" for name in PARAMETERS]
        each = [Sent("GET", _and(path, pair)) for pair in pairs]
        return Tried(Sent("GET", _and(path, "&".join(pairs))), each)

    work = [
        where_it_matters(Sent("GET", path), [tried(path, value) for value in VALUES])
        for method, path in asked
        if "{" not in path and method == "GET"
    ]
    assert await broken(await client(cast.ana_admin), work) == []


async def test_garbage_in_the_body(client, cast, asked):
    def fields(method: str, path: str, value: str) -> Tried:
        pairs = [f"{name}={value}" for name in NAMES]
        each = [Sent(method, path, FORM, pair.encode()) for pair in pairs]
        return Tried(Sent(method, path, FORM, "&".join(pairs).encode()), each)

    def members(method: str, path: str, value: str) -> Tried:
        pairs = [f'"{name}": {value}' for name in NAMES]
        each = [Sent(method, path, JSON, f"{{{pair}}}".encode()) for pair in pairs]
        return Tried(Sent(method, path, JSON, f"{{{', '.join(pairs)}}}".encode()), each)

    work = []
    for method, path in asked:
        if method not in ("GET", "DELETE"):
            path = path.replace("{id}", str(cast.norte))
            work += [
                all_of(Sent(method, path, kind, body) for kind, body in BODIES),
                where_it_matters(
                    Sent(method, path, FORM, b"nothing=x"),
                    [fields(method, path, value) for value in FORM_VALUES],
                ),
                where_it_matters(
                    Sent(method, path, JSON, b'{"nothing": null}'),
                    [members(method, path, value) for value in JSON_VALUES],
                ),
            ]
    assert await broken(await client(cast.ana_admin), work) == []


async def test_garbage_for_whom_a_key_acts(client, cast, asked):
    headers = {"X-API-Key": cast.norte_key}
    requests = [
        Sent(method, _and(path, f"user={value}"), headers=headers)
        for method, path in asked
        if path.startswith("/api/") and "{" not in path
        for value in VALUES
    ]
    assert await broken(await client(), [all_of([one]) for one in requests]) == []


async def test_garbage_in_headers(client, cast, asked):
    work = []
    for method, path in asked:
        plain = Sent(method, path.replace("{id}", "x").replace("{path}", "css/base.css"))
        each = [plain._replace(headers={name: value}) for name, value in HEADERS.items()]
        work.append(where_it_matters(plain, [Tried(plain._replace(headers=HEADERS), each)]))
    assert await broken(await client(cast.ana_admin), work) == []
