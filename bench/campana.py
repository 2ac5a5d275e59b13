"""Campana as a contestant: embedded PostgreSQL in a directory of its own, one serving process.

Events go in by SQL and reach 1,000 people of the load-test tenant `carga` through PostgreSQL.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from bench import payload
from bench.generator import BenchError, Streams
from bench.process import ROOT, Child, MissingError, free_port, run
from campana.embedded import EmbeddedError, Server, running

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

KEY = "demo-carga"
SQL = Path(__file__).parent / "sql"
OURS = ("CAMPANA_", "DATABASE_URL", "REDIS_URL", "HOST", "PORT")


def statement(name: str) -> str:
    """The text of bench/sql/<name>.sql."""
    return (SQL / f"{name}.sql").read_text()


class Campana:
    """Owns the database server, the serving process and one publishing connection."""

    name, title = "campana", "Campana"

    def __init__(self, people: int) -> None:
        self.people = people
        self.version = ""
        self.port = 0
        self.home: Path
        self.database: Server
        self.serving: Child | None = None
        self.owner: Connection | None = None
        self.publisher: Connection | None = None
        self.publisher_dsn = ""
        self._stack = AsyncExitStack()

    async def setup(self, install: bool) -> None:
        if not (ROOT / "main.py").exists():
            raise MissingError("main.py is not there")
        self.version = (await run(["git", "describe", "--always", "--dirty"])).strip()

    async def start(self, home: Path) -> None:
        self.home = home
        try:
            self.database = await self._stack.enter_async_context(running(home))
        except EmbeddedError as error:
            raise MissingError(str(error)) from error
        await self.serve()
        await self.main("demo", "--people", str(self.people))
        self.publisher_dsn = (await self.main("dsn")).strip().splitlines()[-1]
        self.publisher = await asyncpg.connect(self.publisher_dsn)
        self.owner = await asyncpg.connect(self.database.dsn)

    async def main(self, *words: str) -> str:
        """Runs `main.py …` in this home."""
        return await run(["env", *self.settings(), sys.executable, "main.py", *words])

    def settings(self) -> list[str]:
        """Arguments of `env`: only our own settings, whatever the caller's environment holds."""
        foreign = [name for name in os.environ if name.startswith(OURS)]
        return [
            *(f"--unset={name}" for name in foreign),
            f"CAMPANA_HOME={self.home}",
            "CAMPANA_DEMO=1",
            "CAMPANA_LOG_LEVEL=warning",
            f"PORT={self.port}",
        ]

    def person(self, index: int) -> str:
        """The e-mail of the index-th person, from 0; people repeat when there are more streams."""
        return f"u{index % self.people + 1:05d}@carga.demo"

    async def serve(self) -> None:
        """Starts the serving process, on the same port again after the first time."""
        self.port = self.port or free_port()
        argv = ["env", *self.settings(), sys.executable, "main.py", "serve"]
        self.serving = Child(argv, self.home / "serve.log")
        await self.serving.listening(self.port)

    async def stop_serving(self) -> None:
        if self.serving:
            await self.serving.stop()
            self.serving = None

    @property
    def pid(self) -> int:
        """The serving process."""
        if not self.serving:
            raise BenchError("Campana is not serving")
        return self.serving.pid

    def pids(self) -> list[int]:
        postmaster = (self.database.data / "postmaster.pid").read_text().split()[0]
        return [self.pid, int(postmaster)]

    def streams(self, count: int) -> Streams:
        return Streams("campana", self.port, [opening(self.person(at)) for at in range(count)])

    async def publish(self, first: int, last: int) -> None:
        titles = [payload.title(number) for number in range(first, last + 1)]
        assert self.publisher
        await self.publisher.fetch(statement("publish_burst"), titles, payload.MESSAGE, DATA)

    async def dispatched(self, timeout: float = 60) -> None:
        """Returns when the outbox is empty."""
        await self._emptied("waiting", "the outbox", timeout)

    async def rest(self) -> None:
        """Lets the database finish what the contest left: words to be kept, rows to be vacuumed."""
        await self.dispatched()
        await self._emptied("unsearched", "the list of words to be kept", 300)
        assert self.owner
        await self.owner.execute("vacuum analyze", timeout=300)

    async def _emptied(self, count: str, title: str, timeout: float) -> None:
        for _ in range(int(timeout / 0.05)):
            if not (await self.look(count))[0]["count"]:
                return
            await asyncio.sleep(0.05)
        raise BenchError(f"{title} did not empty within {timeout:.0f} s")

    async def database_settings(self) -> dict[str, str]:
        """What the database promises: version, fsync and the like."""
        return {row["name"]: row["setting"] for row in await self.look("settings")}

    async def look(self, name: str) -> "list[asyncpg.Record]":
        """Runs one of our statements as the database's owner."""
        assert self.owner
        return await self.owner.fetch(statement(name))

    async def prepare(self, name: str) -> None:
        """Runs a script of ours as the database's owner."""
        assert self.owner
        await self.owner.execute(statement(name))

    async def stop(self) -> None:
        for connection in (self.publisher, self.owner):
            if connection:
                await connection.close()
        await self.stop_serving()
        await self._stack.aclose()


DATA = payload.encode(payload.DATA).decode()


def opening(email: str) -> str:
    """The request that opens one person's JSON stream with the tenant's key."""
    return (
        f"GET /api/stream?user={email} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-API-Key: {KEY}\r\nAccept: text/event-stream\r\n\r\n"
    )


class Publishers:
    """Some database connections that publish one event each, for open-loop load."""

    def __init__(self, dsn: str, size: int) -> None:
        self.dsn, self.size = dsn, size
        self.free: asyncio.Queue[Connection] = asyncio.Queue()
        # Who comes first publishes first: a queue lets newcomers pass those it has just woken.
        self.turn = asyncio.Lock()
        self.connections: Sequence[Connection] = ()

    async def open(self) -> None:
        self.connections = [await asyncpg.connect(self.dsn) for _ in range(self.size)]
        for connection in self.connections:
            self.free.put_nowait(connection)

    async def publish(self, audience: str, title: str) -> None:
        async with self.turn:
            connection = await self.free.get()
        try:
            await connection.fetchval(
                statement("publish_one"), audience, title, payload.MESSAGE, DATA
            )
        finally:
            self.free.put_nowait(connection)

    async def close(self) -> None:
        for connection in self.connections:
            await connection.close()
