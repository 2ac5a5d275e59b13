"""The response behind a stream: aiohttp-sse opens it, the hub writes to its transport."""

import asyncio
import random
import socket
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
    """An SSE response that is handed back unopened, and whose connection leaves aiohttp on opening.

    Nothing of a request is held in memory while its stream lives: handler and middleware have
    returned before it opens, aiohttp is done with it right after (docs/decisions/0013).
    """

    def __init__(self, hub: Hub, stream: Stream) -> None:
        super().__init__(sep="\n", send_timeout=USER_TIMEOUT)
        # After construction: aiohttp-sse writes its own values there.
        self.headers["Cache-Control"] = "no-store, no-transform"
        self.headers["Connection"] = "close"
        self._hub = hub
        self._stream = stream

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        _bound_send_buffer(request)
        self._set_tcp_user_timeout(request)
        writer = await web.StreamResponse.prepare(self, request)
        _take_over(request, _Line(self._hub, self._stream))
        self._hub.open(self._stream)
        if self._stream.is_gone:  # sent away before it had begun
            self._stream.end()
        self._stream.write(b"retry: %d\n\n" % random.randint(1000, 3000))
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Where aiohttp ends a response. This one ends when the hub or the reader leaves."""


class _Line(asyncio.Protocol):
    """What a stream wants to hear from its reader: that it has left."""

    __slots__ = ("_hub", "_stream")

    def __init__(self, hub: Hub, stream: Stream) -> None:
        self._hub = hub
        self._stream = stream

    def connection_lost(self, exc: Exception | None) -> None:
        self._hub.forget(self._stream)


def _take_over(request: web.BaseRequest, line: _Line) -> None:
    """The connection is the stream's alone from now on; for aiohttp it is as good as lost.

    A protocol without a transport has nothing to close when it is told so.
    """
    protocol, transport = request.protocol, request.transport
    assert transport is not None, "its headers were written to it"
    transport.set_protocol(line)
    transport.resume_reading()  # aiohttp pauses whom it has heard enough of
    protocol.transport = None
    protocol.connection_lost(None)


def _bound_send_buffer(request: web.BaseRequest) -> None:
    sock: Any = request.transport and request.transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
