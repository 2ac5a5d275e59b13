"""A proxy as some offices have it: it gives an answer only when it has all of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@asynccontextmanager
async def buffering_proxy(port: int) -> AsyncIterator[str]:
    """Its address, in front of `port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            up, down = await asyncio.open_connection("127.0.0.1", port)
            down.write(head.replace(b"Connection: keep-alive", b"Connection: close") + body)
            writer.write(await _all_of(up, reader))
            await writer.drain()
            down.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _all_of(up: asyncio.StreamReader, reader: asyncio.StreamReader) -> bytes:
    """The whole answer; nothing when whoever asked has gone before it was complete."""
    answer, gone = asyncio.ensure_future(up.read()), asyncio.ensure_future(reader.read(1))
    done, waiting = await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return answer.result() if answer in done else b""
