"""Whoever sends half a request is not waited for for ever; whoever sends slowly but surely is."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import asynccontextmanager

import pytest

from tests.browser.site import Served
from tests.waiting import PATIENCE, eventually

HEAD = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
LONG = 15
"""Seconds: less than anybody is waited for who was not told to have little patience."""


@pytest.fixture
async def served(dsn, monkeypatch):
    """`main.py serve` with little patience."""
    monkeypatch.setenv("CAMPANA_IDLE_SECONDS", "1")
    monkeypatch.setenv("CAMPANA_BODY_SECONDS", "2")
    server = Served(dsn)
    await server.start()
    yield server
    await server.end(signal.SIGTERM)


@asynccontextmanager
async def connection(served):
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def half_sent(served, sent, drip=b"", after=b""):
    """What is answered to a part of a request before the other side hangs up, and after how long.

    drip: what goes on to come. after: a whole request before, answered with JSON.
    """
    async with connection(served) as (reader, writer):
        if after:
            writer.write(after)
            await reader.readuntil(b"}")
        writer.write(sent)
        started = time.monotonic()
        closed = asyncio.create_task(reader.read())
        while not closed.done() and time.monotonic() < started + LONG:
            writer.write(drip)
            await asyncio.wait([closed], timeout=0.1)
        said = b"" if closed.exception() else closed.result()
        return said, time.monotonic() - started


async def test_half_sent_requests_end(served) -> None:
    post, whole = HEAD + FORM + b"Content-Length: 1000\r\n\r\n", GET + b"\r\n"
    heads = [(b"",), (HEAD,), (HEAD, b"X-A: y\r\n"), (HEAD, b"", whole)]
    bodies = [(post,), (post + b"email=",), (post, b"x"), (post, b"x", whole)]
    ends = await asyncio.gather(*(half_sent(served, *story) for story in heads + bodies))
    for story, (_, seconds) in zip(heads + bodies, ends, strict=True):
        assert 0.5 < seconds < LONG, story
    for said, _ in ends[: len(heads)]:
        assert said == b""
    for said, _ in ends[len(heads) :]:
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"request_timeout" in said


async def test_a_slow_line_gets_its_whole_request_through(served) -> None:
    """4,000 bytes in two and a half seconds: beyond the two, but never below 500 a second."""
    async with connection(served) as (reader, writer):
        body = b"email=" + b"a" * 3994
        writer.write(HEAD + FORM + b"Content-Length: 4000\r\n\r\n")
        started = time.monotonic()
        for begin in range(0, len(body), 100):
            writer.write(body[begin : begin + 100])
            due = started + (begin + 100) / 1600

            def is_time(due: float = due) -> bool:
                return time.monotonic() >= due

            await eventually(is_time)
        async with asyncio.timeout(PATIENCE):
            status = await reader.readline()
        assert b" 408 " not in status
        assert status.startswith(b"HTTP/1.1 4"), "no such account, said after all was read"
