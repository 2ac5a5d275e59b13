"""The contest: durable or not, everybody delivers the same events to the same subscribers.

Three ways of publishing: one at a time (the next only when all have the last), bursts of ten
(two under way), and a backlog (bursts of ten, ten under way). Rounds are interleaved.
"""

import time
from dataclasses import asdict, dataclass

from bench.contestant import Contestant
from bench.generator import BenchError, Generator
from bench.process import cpu_seconds


@dataclass(frozen=True)
class Mode:
    """How events are published: `burst` at once, at most `window` bursts under way."""

    name: str
    burst: int
    window: int


MODES = (Mode("single", 1, 1), Mode("bursts", 10, 2), Mode("backlog", 10, 10))


@dataclass(frozen=True)
class Round:
    """One measured round: everything arrived, once and in order, or there is no Round."""

    contestant: str
    mode: str
    subscribers: int
    events: int
    seconds: float
    deliveries_per_second: float
    bytes_per_delivery: float
    server_cpu_us_per_delivery: float
    generator_cpu_share: float

    def facts(self) -> dict[str, object]:
        return asdict(self)


class Numbers:
    """Running numbers never start again, so that a late double is seen as one."""

    def __init__(self) -> None:
        self.next = 1

    def take(self, count: int) -> tuple[int, int]:
        first = self.next
        self.next += count
        return first, self.next - 1


async def play(contestant: Contestant, subscribers: int, seconds: float) -> list[Round]:
    """One round of all modes on freshly opened streams."""
    numbers = Numbers()
    rounds = []
    async with Generator() as generator:
        await generator.open(contestant.streams(subscribers))
        await warm_up(contestant, generator, numbers)
        for mode in MODES:
            try:
                rounds.append(
                    await measure(contestant, generator, numbers, mode, subscribers, seconds)
                )
            except BenchError as error:
                raise BenchError(f"{contestant.name}, {mode.name}: {error}") from error
        await generator.close()
    return rounds


async def warm_up(contestant: Contestant, generator: Generator, numbers: Numbers) -> None:
    first, last = numbers.take(10)
    await generator.begin(first)
    await contestant.publish(first, last)
    await generator.until(last)
    await generator.end(last)


async def measure(
    contestant: Contestant,
    generator: Generator,
    numbers: Numbers,
    mode: Mode,
    subscribers: int,
    seconds: float,
) -> Round:
    """Publishes for about `seconds`, waits until everybody has everything."""
    start_number = numbers.next
    await generator.begin(start_number, every=mode.burst)
    cpu, start = cpu_seconds(contestant.pids()), time.monotonic()
    last = start_number - 1
    while time.monotonic() - start < seconds:
        await generator.until(last - (mode.window - 1) * mode.burst)
        first, last = numbers.take(mode.burst)
        await contestant.publish(first, last)
    await generator.until(last)
    elapsed, cpu = time.monotonic() - start, cpu_seconds(contestant.pids()) - cpu
    account = await generator.end(last)
    events = last - start_number + 1
    deliveries = events * subscribers
    return Round(
        contestant=contestant.name,
        mode=mode.name,
        subscribers=subscribers,
        events=events,
        seconds=elapsed,
        deliveries_per_second=deliveries / elapsed,
        bytes_per_delivery=account["bytes"] / deliveries,
        server_cpu_us_per_delivery=cpu / deliveries * 1e6,
        generator_cpu_share=account["cpu_seconds"] / account["wall_seconds"],
    )
