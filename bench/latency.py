"""Publish → arrived at the subscriber, open loop: the clock starts when the event was due.

One recipient at a time in turn (400/s), and broadcasts to everybody (20/s), 1,000 streams open.
"""

from __future__ import annotations

import asyncio
import gc
import time
from array import array
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench import payload
from bench.campana import Campana, Publishers
from bench.contest import Numbers
from bench.generator import Generator

Publish = Callable[[int, int], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Load:
    """rate: events per second. connections: to the database; one keeps broadcasts in order."""

    name: str
    rate: float
    spread: bool
    connections: int


LOADS = (Load("one", 400, True, 4), Load("broadcast", 20, False, 1))


async def play(
    campana: Campana, subscribers: int, seconds: float
) -> dict[str, tuple[array[int], dict[str, float]]]:
    """One round of both loads on freshly opened streams: samples in ns, and what it cost."""
    numbers, found = Numbers(), {}
    async with Generator() as generator:
        await generator.open(campana.streams(subscribers))
        for load in LOADS:
            found[load.name] = await measure(
                campana, generator, numbers, load, subscribers, seconds
            )
        await generator.close()
    return found


async def measure(
    campana: Campana,
    generator: Generator,
    numbers: Numbers,
    load: Load,
    subscribers: int,
    seconds: float,
) -> tuple[array[int], dict[str, float]]:
    publishers = Publishers(campana.publisher_dsn, load.connections)
    await publishers.open()
    first, last = numbers.take(round(load.rate * seconds))
    await generator.begin(first, latency=True, spread=load.spread)

    async def publish(number: int, due: int) -> None:
        place = (number - first) % subscribers
        audience = f"user:{campana.person(place)}" if load.spread else "all"
        await publishers.publish(audience, payload.title(number, due))

    with uncollected():
        await open_loop(publish, first, last, load.rate)
    await publishers.close()
    account, samples = await generator.end_with_samples(last)
    return samples, {
        "rate": load.rate,
        "events": last - first + 1,
        "generator_cpu_share": account["cpu_seconds"] / account["wall_seconds"],
    }


async def open_loop(publish: Publish, first: int, last: int, rate: float) -> None:
    """Starts each publication when it is due, however the earlier ones fare.

    A thread keeps the time: the event loop's own timers are rounded to milliseconds.
    """
    loop = asyncio.get_running_loop()
    start = time.monotonic_ns() + 50_000_000
    async with asyncio.TaskGroup() as group:

        def begin(number: int, due: int) -> None:
            group.create_task(publish(number, due))

        def keep_time() -> None:
            for number in range(first, last + 1):
                due = start + round((number - first) * 1e9 / rate)
                time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
                loop.call_soon_threadsafe(begin, number, due)

        await asyncio.to_thread(keep_time)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: a pause of 30 ms here would be counted as the server's."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def percentiles(samples: array[int]) -> dict[str, float]:
    """Milliseconds at p50, p95, p99 and the worst, of all samples together."""
    ordered = sorted(samples)
    at = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return {name: ordered[min(last, int(last * share))] / 1e6 for name, share in at.items()}
