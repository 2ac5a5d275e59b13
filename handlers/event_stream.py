"""The response behind a stream: aiohttp-sse opens it, the hub writes to its transport."""

import asyncio
import random
import socket
from contextlib import suppress
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp_sse import EventSourceResponse

from campana.hub import Hub
from campana.stream import Stream

SEND_BUFFER = 64 * 1024
"""Bytes the kernel may hold for a slow reader; by default it grows to megabytes."""
USER_TIMEOUT = 30.0
"""Seconds that sent bytes may stay unacknowledged."""


class EventStream(EventSourceResponse):
    """An SSE response that is handed back unopened.

    The handler and every middleware have returned when it opens: nothing of them is held in
    memory while the stream lives. It has no ping task either: one wheel beats for all streams.
    """

    def __init__(self, hub: Hub, stream: Stream) -> None:
        super().__init__(sep="\n", send_timeout=USER_TIMEOUT)
        # After construction: aiohttp-sse writes its own Cache-Control there.
        self.headers["Cache-Control"] = "no-store, no-transform"
        self._hub = hub
        self._stream = stream
        # What wait() waits for and stop_streaming() cancels; aiohttp-sse has its ping task here.
        self._ping_task = asyncio.get_running_loop().create_future()  # type: ignore[assignment]
        stream.response = self

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        if request.version < (1, 1):
            self.force_close()
        _bound_send_buffer(request)
        self._set_tcp_user_timeout(request)
        writer = await web.StreamResponse.prepare(self, request)
        # aiohttp keeps request and response until the stream ends; nobody asks them again who came
        # and what was answered. This takes 17.5 KiB per idle stream to 13.5 (bench/memory.py).
        request.clear()
        self.headers.clear()
        self._hub.open(self._stream)
        self._stream.write(b"retry: %d\n\n" % random.randint(1000, 3000))
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Where aiohttp ends a response: this one lasts until the hub or the reader leaves."""
        try:
            await self.wait()
        finally:
            self._hub.forget(self._stream)
            with suppress(ConnectionResetError):  # the reader left first
                await super().write_eof(data)


def _bound_send_buffer(request: web.BaseRequest) -> None:
    sock: Any = request.transport and request.transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
