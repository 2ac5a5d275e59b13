"""Where the browsers of a test go: the application in this process, or a server of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from aiohttp import web

from campana.corridor import Corridor
from campana.db import Database
from campana.settings import Settings
from handlers.application import application
from tests.waiting import eventually

ROOT = Path(__file__).parent.parent.parent


Change = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


class Site:
    """The application in this process, on a port of its own that survives `stop` and `start`.

    change: what becomes of every answer before it leaves, from the next `start` on.
    """

    def __init__(self, db: Database, settings: Settings, corridor: Corridor) -> None:
        self.db, self.settings, self.corridor = db, settings, corridor
        self.port = 0
        self.change: Change | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def streams(self) -> int:
        return self.corridor.hub.count

    async def start(self) -> None:
        app = application(self.settings, self.db, self.corridor)
        if self.change is not None:
            app.on_response_prepare.append(self.change)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_port=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        """Connections are cut, none is told; the corridor goes on."""
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None
        self.cut()  # who was quick to come back before the door was shut

    async def restart(self, change: Change) -> None:
        """With answers changed on their way."""
        await self.stop()
        self.change = change
        await self.start()

    def cut(self) -> None:
        for stream in self.corridor.hub.streams():
            stream.transport.abort()
            stream.end()


class Served:
    """`main.py serve`, a process of its own on a port that it keeps."""

    def __init__(self, dsn: str) -> None:
        self.port = _free_port()
        self._environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "PORT": str(self.port),
            "CAMPANA_POOL_SIZE": "5",
            "CAMPANA_LOG_LEVEL": "warning",
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", "serve", cwd=ROOT, env=self._environment
        )
        await eventually(self._is_ready, seconds=60)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def end(self, how: signal.Signals) -> int:
        """The exit code."""
        if self._process is None or self._process.returncode is not None:
            return 0
        self._process.send_signal(how)
        return await asyncio.wait_for(self._process.wait(), 30)

    async def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, "it has ended"
        try:
            async with aiohttp.request("GET", f"{self.url}/health/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
