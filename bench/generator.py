"""The parent's hold on the load generator: one subprocess, commands out, reports in."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class BenchError(Exception):
    """A measurement that cannot be trusted: something was missing, double or refused."""


@dataclass(frozen=True)
class Streams:
    """What to open: wire format, address, and one raw HTTP request per subscriber."""

    kind: str
    port: int
    requests: Sequence[str]
    host: str = "127.0.0.1"

    def beyond(self, opened: int) -> Streams:
        """All but the first `opened`."""
        return replace(self, requests=self.requests[opened:])


class Generator:
    """`async with Generator() as generator:` → a fresh process, gone afterwards."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process
        self.reached = 0
        self.waiting: deque[dict[str, Any]] = deque()

    async def __aenter__(self) -> Self:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.load",
            cwd=Path(__file__).parent.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 5)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def open(self, streams: Streams, timeout: float = 60) -> float:
        """Opens all streams; seconds it took. Raises BenchError when one is refused."""
        answer = await self.ask(
            "opened",
            timeout + 10,
            do="open",
            kind=streams.kind,
            host=streams.host,
            port=streams.port,
            requests=list(streams.requests),
            timeout=timeout,
        )
        raise_for(answer)
        return float(answer["seconds"])

    async def begin(
        self, first: int, every: int = 1, latency: bool = False, spread: bool = False
    ) -> None:
        """Numbers count from `first`; progress is told every `every` numbers."""
        self.reached = first - 1
        await self.ask(
            "began", 10, do="begin", first=first, every=every, latency=latency, spread=spread
        )

    async def until(self, number: int, timeout: float = 30) -> None:
        """Returns when every subscriber has everything up to `number`."""
        while self.reached < number:
            await self.report(timeout)

    async def end(self, last: int, linger: float = 0.3, timeout: float = 30) -> dict[str, Any]:
        """The account up to `last`; raises BenchError when anything is missing or double."""
        return await self._end(last, timeout, linger=linger, samples_to=None)

    async def end_with_samples(
        self, last: int, timeout: float = 30
    ) -> tuple[dict[str, Any], array[int]]:
        """As `end`, with every latency sample in nanoseconds."""
        with tempfile.NamedTemporaryFile(prefix="campana-bench-") as file:
            answer = await self._end(last, timeout, linger=0.3, samples_to=file.name)
            samples: array[int] = array("q")
            samples.frombytes(file.read())
        return answer, samples

    async def _end(self, last: int, timeout: float, **how: object) -> dict[str, Any]:
        answer = await self.ask("ended", timeout + 10, do="end", last=last, timeout=timeout, **how)
        raise_for(answer)
        return answer

    async def close(self) -> None:
        """Closes all streams."""
        await self.ask("closed", 10, do="close")

    async def ask(self, wanted: str, patience: float, **command: object) -> dict[str, Any]:
        """Sends a command and waits for its answer."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        while True:
            answer = await self.report(patience)
            if wanted in answer:
                return answer

    async def report(self, timeout: float) -> dict[str, Any]:
        """The next line of the generator; progress is noted on the way."""
        assert self.process.stdout
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), timeout)
        except TimeoutError:
            raise BenchError(f"nothing more arrived after number {self.reached}") from None
        if not line:
            raise BenchError("the load generator died")
        answer: dict[str, Any] = json.loads(line)
        if "reached" in answer:
            self.reached = max(self.reached, answer["reached"])
        return answer


def raise_for(answer: dict[str, Any]) -> None:
    """A number is only worth something when nothing was lost and nothing came twice."""
    problems = list(answer.get("faults") or [])
    if answer.get("missing"):
        problems.append(f"{answer['missing']} deliveries missing")
    if problems:
        raise BenchError("; ".join(problems))
