"""python-socketio on aiohttp and uvloop, in a virtual environment of its own."""

import sys
from pathlib import Path

from bench.peers.posted import Posted, websocket
from bench.peers.socketio import batch
from bench.process import CACHE, Child, MissingError, run

HERE = Path(__file__).parent
VENV = CACHE / "python-socketio"


class PythonSocketIO(Posted):
    name, title, kind = "python-socketio", "python-socketio (aiohttp, uvloop)", "engineio"

    async def setup(self, install: bool) -> None:
        done = VENV / "installed"
        wanted = (HERE / "requirements.txt").read_text()
        if not done.exists() or done.read_text() != wanted:
            if not install:
                raise MissingError("not set up yet; a full run installs it")
            await run([sys.executable, "-m", "venv", VENV])
            pip: list[str | Path] = [VENV / "bin" / "python", "-m", "pip", "install", "-q"]
            await run([*pip, "-r", HERE / "requirements.txt"])
            done.write_text(wanted)
        pins = dict(line.split("==") for line in wanted.split() if "==" in line)
        self.version = f"{pins['python-socketio']}, aiohttp {pins['aiohttp']}"

    def launch(self, home: Path) -> Child:
        python = VENV / "bin" / "python"
        return Child([python, HERE / "server.py", str(self.port)], home / "python-socketio.log")

    def opening(self) -> str:
        return websocket("/socket.io/?EIO=4&transport=websocket")

    def messages(self, first: int, last: int) -> list[bytes]:
        return batch(first, last)
