"""A peer that takes events by HTTP POST and serves one wire format: what they have in common."""

from pathlib import Path

from bench.generator import Streams
from bench.post import Connection
from bench.process import Child, free_port


class Posted:
    """Owns the server process and one publishing connection."""

    name = title = version = ""
    kind = "eventsource"
    path = "/"

    def __init__(self) -> None:
        self.port = 0
        self.server: Child | None = None
        self.publisher: Connection | None = None

    def launch(self, home: Path) -> Child:
        """The server, listening on self.port."""
        raise NotImplementedError

    def messages(self, first: int, last: int) -> list[bytes]:
        """The requests that publish events first…last."""
        raise NotImplementedError

    async def start(self, home: Path) -> None:
        self.port = free_port()
        self.server = self.launch(home)
        await self.server.listening(self.port)
        self.publisher = await Connection.to(self.port)

    def streams(self, count: int) -> Streams:
        return Streams(self.kind, self.port, [self.opening()] * count)

    def opening(self) -> str:
        """The request that opens one stream."""
        return f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"

    async def publish(self, first: int, last: int) -> None:
        assert self.publisher
        await self.publisher.post(self.messages(first, last))

    def pids(self) -> list[int]:
        assert self.server
        return [self.server.pid]

    async def stop(self) -> None:
        if self.publisher:
            self.publisher.close()
        if self.server:
            await self.server.stop()


def websocket(path: str) -> str:
    """The request that opens a websocket; the key is the RFC's sample, nobody checks the answer."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
