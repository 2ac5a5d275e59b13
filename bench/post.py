"""A keep-alive HTTP connection that only knows POST: as little client as possible."""

import asyncio
from collections.abc import Sequence

from bench.generator import BenchError


class Connection:
    """One connection; `post()` sends requests back to back and reads all their answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 22))

    async def post(self, requests: Sequence[bytes]) -> bytes:
        """The body of the last answer. Raises BenchError on anything but 2xx."""
        self.writer.write(b"".join(requests))
        body = b""
        for _ in requests:
            body = await self.answer()
        return body

    async def answer(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b":", 1) for line in head.splitlines()[1:] if b":" in line)
        if b"content-length" in fields:
            body = await self.reader.readexactly(int(fields[b"content-length"]))
        else:
            body = await self.chunks()
        if head[9:10] != b"2":
            raise BenchError(f"publishing: {head.splitlines()[0]!r} {body[:200]!r}")
        return body

    async def chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readline()
        return body

    def close(self) -> None:
        self.writer.close()


def request(path: str, body: bytes, *headers: str) -> bytes:
    """One POST, ready to send."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
