"""The response behind a stream: aiohttp-sse opens it, the hub writes to its transport."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp_sse import EventSourceResponse

SEND_BUFFER = 64 * 1024
"""Bytes the kernel may hold for a slow reader; by default it grows to megabytes."""
USER_TIMEOUT = 30.0
"""Seconds that sent bytes may stay unacknowledged."""


class EventStream(EventSourceResponse):
    """An SSE response without a ping task of its own: one timer wheel beats for all streams."""

    def __init__(self) -> None:
        super().__init__(sep="\n", send_timeout=USER_TIMEOUT)
        # After construction: aiohttp-sse writes its own Cache-Control there.
        self.headers["Cache-Control"] = "no-store, no-transform"

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        if request.version < (1, 1):
            self.force_close()
        _bound_send_buffer(request)
        self._set_tcp_user_timeout(request)
        writer = await web.StreamResponse.prepare(self, request)
        # What wait() waits for and stop_streaming() cancels; aiohttp-sse has its ping task here.
        self._ping_task = asyncio.get_running_loop().create_future()  # type: ignore[assignment]
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        with suppress(ConnectionResetError):  # the reader left first
            await super().write_eof(data)


def _bound_send_buffer(request: web.BaseRequest) -> None:
    sock: Any = request.transport and request.transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
