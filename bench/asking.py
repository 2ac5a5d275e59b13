"""A person's browser that asks one request after the other, by the clock."""

from __future__ import annotations

import time
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import cycle, islice
from typing import NamedTuple

import aiohttp

from bench.generator import BenchError
from bench.latency import percentiles

WARM_UP = 10


class Get(NamedTuple):
    """A page, or a part of one."""

    path: str


class Send(NamedTuple):
    """A form, sent as htmx does: the answer is what the page shows then."""

    path: str
    form: Mapping[str, str]


Asked = Mapping[str, Sequence[Get | Send]]
"""What is measured → its requests, in turn."""


@asynccontextmanager
async def browser(port: int, email: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody signed in."""
    site = f"http://127.0.0.1:{port}"
    jar = aiohttp.CookieJar(unsafe=True)  # an address is no name
    async with aiohttp.ClientSession(site, headers={"Origin": site}, cookie_jar=jar) as session:
        form = {"email": email, "password": "demo"}
        async with session.post("/login", data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise BenchError(f"signing in as {email} was answered {answer.status}")
        yield session


async def ask_all(
    session: aiohttp.ClientSession, asked: Asked, times: int
) -> dict[str, dict[str, float]]:
    """Of each: milliseconds p50, p95, p99 and the worst."""
    return {name: percentiles(await ask(session, asked[name], times)) for name in asked}


async def ask(
    session: aiohttp.ClientSession, requests: Sequence[Get | Send], times: int
) -> array[int]:
    """Nanoseconds until each answer was read; `times` of them, after some to warm up."""
    samples = array("q")
    for request in islice(cycle(requests), times + WARM_UP):
        start = time.monotonic_ns()
        async with _sent(session, request) as answer:
            await answer.read()
            if answer.status != 200:
                raise BenchError(f"{request.path} was answered {answer.status}")
        samples.append(time.monotonic_ns() - start)
    return samples[WARM_UP:]


def _sent(
    session: aiohttp.ClientSession, request: Get | Send
) -> aiohttp.client._RequestContextManager:
    if isinstance(request, Get):
        return session.get(request.path)
    return session.post(request.path, data=request.form, headers={"HX-Request": "true"})
