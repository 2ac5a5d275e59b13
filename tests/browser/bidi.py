"""Firefox as Debian has it, spoken to by WebDriver BiDi: Playwright has one of its own only.

https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.browser.complaints import NETWORK
from tests.waiting import eventually

PATIENCE = 30.0  # seconds, for busy machines
PREFERENCES = {
    "intl.accept_languages": "es",
    "ui.prefersReducedMotion": 1,  # nobody waits for a movement to end
    "fission.bfcacheInParent": True,  # as people have it; automation switches it off
}


class CommandError(Exception):
    """Firefox did not do what it was told; the message says why."""


def program() -> str:
    """Where it is. Missing, the test is skipped, or fails where CAMPANA_TEST_FIREFOX is on."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None and os.environ.get("CAMPANA_TEST_FIREFOX") == "on":
        pytest.fail("firefox-esr is missing: install it")
    if found is None:
        pytest.skip("firefox-esr is not installed: nothing is tried in Firefox")
    return found


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Firefox]:
    """One without windows, and with a profile of its own."""
    # Its children may write a little longer than it lives itself.
    with tempfile.TemporaryDirectory(prefix="campana-firefox-", ignore_cleanup_errors=True) as name:
        profile = Path(name)
        lines = [f"user_pref({json.dumps(n)}, {json.dumps(v)});" for n, v in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines))
        options = ("--headless", "--no-remote", "--profile", name, "--remote-debugging-port", "0")
        process = await asyncio.create_subprocess_exec(
            program(), *options, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with aiohttp.ClientSession() as http:
                url = await eventually(lambda: _address(profile), seconds=60)
                async with http.ws_connect(url, max_msg_size=0) as socket, _talk(socket) as firefox:
                    yield firefox
        finally:
            process.terminate()
            await process.wait()


def _address(profile: Path) -> str | None:
    """Where it listens; None while it starts."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        said = json.loads((profile / "WebDriverBiDiServer.json").read_text())
        return f"ws://{said['ws_host']}:{said['ws_port']}/session"
    return None


@contextlib.asynccontextmanager
async def _talk(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Firefox]:
    firefox = Firefox(socket)
    listening = asyncio.create_task(firefox.listen())
    await firefox.command("session.new", capabilities={})
    await firefox.command("session.subscribe", events=["log.entryAdded"])
    yield firefox
    listening.cancel()


class Firefox:
    """`complaints`: errors that pages logged, those of cut connections left out."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        async for message in self._socket:
            said = message.json()
            if said.get("method") == "log.entryAdded":
                self._hear(said["params"])
            elif answer := self._asked.pop(said.get("id"), None):
                answer.set_result(said)

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result. CommandError when it is refused, TimeoutError when nothing comes."""
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        try:
            said = await asyncio.wait_for(answer, PATIENCE)
        finally:
            self._asked.pop(number, None)  # an answer that comes late is nobody's
        if said["type"] == "error":
            raise CommandError(f"{method}: {said['error']}: {said['message']}")
        result: dict[str, Any] = said["result"]
        return result

    def _hear(self, entry: dict[str, Any]) -> None:
        text = entry["text"] or ""
        if entry["level"] == "error" and not any(n in text for n in NETWORK):
            self.complaints.append(text)
