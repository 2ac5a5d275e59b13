"""A client of the JSON stream, as a program would write one: it listens in the background, keeps
its place, can be cut off at any byte, and comes back with Last-Event-ID.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from tests.waiting import PATIENCE, eventually

SSE = "text/event-stream"


@dataclass(frozen=True)
class Message:
    """One message: the value of `event:`, the parsed `data:`, and the id it gave to the stream."""

    name: str
    data: Any
    id: str | None = None


class Parser:
    """Bytes in, messages out, wherever the bytes are cut (HTML Living Standard, 9.2.6).

    `last_id` is what Last-Event-ID would say: only finished messages move it.
    """

    def __init__(self, last_id: str | None = None) -> None:
        self.last_id = last_id
        self.comments = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""
        self._name, self._data, self._given = "", list[str](), ""

    def feed(self, received: bytes) -> Iterator[Message]:
        *lines, self._rest = (self._rest + self._decoder.decode(received)).split("\n")
        for line in lines:
            if line:
                self._take(line)
                continue
            name, data, given = self._name, self._data, self._given or None
            self._name, self._data, self._given = "", [], ""
            self.last_id = given or self.last_id
            if data:
                yield Message(name or "message", orjson.loads("\n".join(data)), given)

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif field == "id":
            self._given = value
        elif field == "":
            self.comments += 1


class Ear:
    """Somebody's stream. `messages` is all that was heard, over all its connections.

    url: of GET /api/stream. credentials: headers or params that say who listens.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        last_id: str | None = None,
    ) -> None:
        self._http, self.url = http, url
        self._headers, self._params = headers or {}, params or {}
        self.last_id = last_id
        self.messages: list[Message] = []
        self.connections = 0
        self.status = 0
        self._listening: asyncio.Task[None] | None = None

    async def open(self, *, bytes_until_cut: int | None = None) -> Ear:
        """Connect (again) and return once the status is known."""
        assert not self.is_open
        headers = {**self._headers, **({"Last-Event-ID": self.last_id} if self.last_id else {})}
        response = await self._http.get(
            self.url, headers=headers, params=self._params, timeout=aiohttp.ClientTimeout()
        )
        self.status = response.status
        self.connections += 1
        if response.status == 200 and response.content_type == SSE:
            self._listening = asyncio.create_task(self._listen(response, bytes_until_cut))
        else:
            response.close()
        return self

    async def returns(self, *, bytes_until_cut: int | None = None) -> Ear:
        """Come back with Last-Event-ID and wait for the new hello."""
        before = len(self.messages)
        await (await self.open(bytes_until_cut=bytes_until_cut)).hears("hello", from_=before)
        return self

    async def _listen(self, response: aiohttp.ClientResponse, left: int | None) -> None:
        parser = Parser(self.last_id)
        try:
            async for received in response.content.iter_any():
                for message in parser.feed(received if left is None else received[:left]):
                    self.messages.append(message)
                self.last_id = parser.last_id
                if left is not None and (left := left - len(received)) <= 0:
                    return
        except (aiohttp.ClientError, ConnectionError):
            pass
        finally:
            response.close()

    @property
    def is_open(self) -> bool:
        return self._listening is not None and not self._listening.done()

    async def cut(self) -> None:
        """Drop the connection as a tunnel drops a phone."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def ended(self, seconds: float = PATIENCE) -> None:
        """Wait until the connection is gone: the server ended it, or the cut was reached."""
        assert self._listening is not None
        async with asyncio.timeout(seconds):
            await asyncio.wait([self._listening])

    async def hears(
        self, name: str, seconds: float = PATIENCE, *, from_: int = 0, **fields: Any
    ) -> Message:
        """The first message called `name` whose data has these fields, as soon as it is there."""

        def found() -> Message | None:
            return next(
                (m for m in self.messages[from_:] if m.name == name and _has(m, fields)), None
            )

        message: Message = await eventually(found, seconds)
        return message

    def named(self, name: str) -> list[Message]:
        return [message for message in self.messages if message.name == name]

    def heard(self, name: str, **fields: Any) -> bool:
        return any(_has(message, fields) for message in self.named(name))

    @property
    def notifications(self) -> list[Any]:
        return [message.data for message in self.named("notification")]

    @property
    def hello(self) -> Any:
        """The latest one."""
        return self.named("hello")[-1].data

    async def waits(self, fact: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        return await eventually(fact, seconds)


def _has(message: Message, fields: dict[str, Any]) -> bool:
    return all(message.data.get(field) == value for field, value in fields.items())


def messages_of(body: bytes) -> list[Message]:
    """All messages of a finite answer, such as a poll's."""
    return list(Parser().feed(body))
