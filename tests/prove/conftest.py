"""An installation of its own for chaos: PostgreSQL that keeps its promises, several processes."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from campana import cluster, installation
from campana.embedded import running
from campana.settings import Settings
from tests import cast as casting
from tests.browser.site import Served
from tests.cast import Cast
from tests.places import new_home

PROCESSES = 3


@dataclass
class Plant:
    """A server with fsync on, the cast in it, and `processes` that serve it."""

    server: cluster.Server
    dsn: str
    cast: Cast
    processes: list[Served]

    @property
    def sites(self) -> list[str]:
        return [process.url for process in self.processes]

    async def ask(self, sql: str, *values: object) -> Any:
        """On a connection of its own: the last one may have been cut."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()


@pytest.fixture
async def plant() -> AsyncIterator[Plant]:
    chosen = os.environ.get("CAMPANA_TEST_SERVER_BIN")
    async with AsyncExitStack() as life:
        home = life.enter_context(new_home())
        server = await life.enter_async_context(running(home, chosen and Path(chosen)))
        async with await installation.ready(
            server.dsn, Settings(database_url=server.dsn, pool_size=3)
        ) as db:
            cast = await casting.enter(db)
        processes = [Served(server.dsn) for _ in range(PROCESSES)]
        for process in processes:
            await process.start()
            life.push_async_callback(process.end, signal.SIGKILL)
        yield Plant(server, server.dsn, cast, processes)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session
