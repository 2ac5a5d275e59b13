"""Child processes: started with a log, waited for, measured, and stopped by pid."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "var" / "bench"


class MissingError(Exception):
    """A contestant that cannot take part; the message is the reason."""


class Child:
    """One server process of a contestant."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        log: Path,
        cwd: Path = ROOT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    async def listening(self, port: int, timeout: float = 30) -> None:
        """Returns when the port answers; raises MissingError with the end of the log otherwise."""
        for _ in range(int(timeout / 0.05)):
            if self.popen.poll() is not None:
                break
            if answers(port):
                return
            await asyncio.sleep(0.05)
        raise MissingError(f"did not start: {self.words()}")

    def words(self) -> str:
        """The last things it said."""
        return " ".join(self.log.read_text(errors="replace").split())[-400:]

    async def stop(self, timeout: float = 15) -> None:
        """Asks, waits, insists."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        for _ in range(int(timeout / 0.05)):
            if self.popen.poll() is not None:
                return
            await asyncio.sleep(0.05)
        self.popen.kill()
        self.popen.wait()


def answers(port: int) -> bool:
    """Is somebody listening on this port of loopback?"""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def family(pids: Sequence[int]) -> list[psutil.Process]:
    """These processes and all their descendants."""
    found: list[psutil.Process] = []
    for pid in pids:
        try:
            parent = psutil.Process(pid)
            found += [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time of these processes and their descendants, ended children included."""
    total = 0.0
    for process in family(pids):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def resident(pid: int) -> int:
    """Bytes of memory this one process holds."""
    return int(psutil.Process(pid).memory_info().rss)


async def run(argv: Sequence[str | Path], cwd: Path = ROOT, timeout: float = 300) -> str:
    """Runs a command to its end; its output. Raises MissingError when it fails."""
    process = await asyncio.create_subprocess_exec(
        *map(str, argv),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), timeout)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise MissingError(f"{argv[0]} took more than {timeout:.0f} s") from None
    if process.returncode:
        raise MissingError(f"{' '.join(map(str, argv[:3]))}: {brief(out)}")
    return out.decode(errors="replace")


def brief(output: bytes) -> str:
    """The lines that say what went wrong, or the last ones."""
    lines = output.decode(errors="replace").splitlines()
    return " ".join([line for line in lines if "error" in line.lower()] or lines)[-300:]
