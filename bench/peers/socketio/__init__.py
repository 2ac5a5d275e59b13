"""Socket.IO on Node: websocket transport only, one room, events emitted on an HTTP POST."""

import shutil
from pathlib import Path

from bench import payload
from bench.peers.posted import Posted, websocket
from bench.post import request
from bench.process import CACHE, Child, MissingError, run

HERE = Path(__file__).parent


class SocketIO(Posted):
    name, title, kind = "socketio", "Socket.IO (Node)", "engineio"

    async def setup(self, install: bool) -> None:
        if not shutil.which("node") or not shutil.which("npm"):
            raise MissingError("node and npm are not installed")
        folder = CACHE / "socketio"
        installed = folder / "node_modules" / "socket.io" / "package.json"
        if not installed.exists():
            if not install:
                raise MissingError("not set up yet; a full run installs it")
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            await run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder)
        shutil.copy(HERE / "server.js", folder)
        node = await run(["node", "--version"])
        package = await run(["node", "-p", "require('socket.io/package.json').version"], cwd=folder)
        self.version = f"{package.strip()}, node {node.strip().lstrip('v')}"

    def launch(self, home: Path) -> Child:
        return Child(
            ["node", CACHE / "socketio" / "server.js", str(self.port)],
            home / "socketio.log",
            env={"NODE_ENV": "production"},
        )

    def opening(self) -> str:
        return websocket("/socket.io/?EIO=4&transport=websocket")

    def messages(self, first: int, last: int) -> list[bytes]:
        return batch(first, last)


def batch(first: int, last: int) -> list[bytes]:
    """One POST with all events of the burst as an array."""
    events = [payload.event(number) for number in range(first, last + 1)]
    return [request("/publish", payload.encode(events), "Content-Type: application/json")]
