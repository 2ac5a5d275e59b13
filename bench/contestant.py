"""What every contestant can do, whoever it is."""

from pathlib import Path
from typing import Protocol

from bench.generator import Streams


class Contestant(Protocol):
    """Set up, start, hand out streams, publish numbers first…last to all of them, stop."""

    name: str
    title: str
    version: str

    async def setup(self, install: bool) -> None:
        """Finds or installs what it needs; raises MissingError with the reason."""

    async def start(self, home: Path) -> None:
        """Starts its server on loopback; `home` is an empty directory of its own."""

    def streams(self, count: int) -> Streams:
        """How to open `count` subscribers."""

    async def publish(self, first: int, last: int) -> None:
        """Publishes events first…last to everybody, in order, as one burst."""

    def pids(self) -> list[int]:
        """Processes whose CPU time is its cost."""

    async def stop(self) -> None:
        """Stops what it started."""
