"""Files that are made while they are sent, however long they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

from aiohttp import web

FLUSH = 64 * 1024
"""Bytes that go out at once."""


async def send(
    request: web.Request, name: str, kind: str, lines: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Answers with a file of these lines; what they raise before the first is an answer of its own.

    name: with its ending; the day is put before that. kind: its content type.
    """
    buffer = bytearray(await anext(lines, b""))
    response = web.StreamResponse(headers=_headers(name, kind))
    await response.prepare(request)
    async for line in lines:
        buffer += line
        if len(buffer) >= FLUSH:
            await response.write(bytes(buffer))
            buffer.clear()
    await response.write(bytes(buffer))
    await response.write_eof()
    return response


def _headers(name: str, kind: str) -> dict[str, str]:
    stem, _dot, ending = name.rpartition(".")
    dated = f"{stem}-{dt.datetime.now(dt.UTC):%Y-%m-%d}.{ending}"
    return {
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{dated}"',
        "Cache-Control": "no-store",
    }
