"""A tenant whose history grows: 1,000 people, and as many broadcasts as it takes, all dispatched.

At each size the sections that were chosen ask it what they want to know.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bench.campana import Campana, statement

BURST = 500
SINGLES = 120
"""Events for one person each, besides, at each size: so that pages of the log are always full."""

Play = Callable[[Campana, int], Awaitable[Any]]


async def play(
    campana: Campana, sizes: tuple[int, ...], sections: Mapping[str, Play], times: int
) -> dict[str, dict[str, Any]]:
    """section → notifications in the tenant → what it found."""
    found: dict[str, dict[str, Any]] = {name: {} for name in sections}
    events = 0
    for size in sizes:
        await _fill(campana, events + 1, size // campana.people)
        events = size // campana.people
        await campana.rest()
        for name, section in sections.items():
            found[name][str(size)] = await section(campana, times)
    return found


async def _fill(campana: Campana, first: int, last: int) -> None:
    """Events `first` to `last`, each for everybody, and then SINGLES."""
    assert campana.publisher
    for start in range(first, last + 1, BURST):
        end = min(start + BURST - 1, last)
        await campana.publisher.fetch(statement("fill"), start, end)
        await campana.dispatched(timeout=120)
    await campana.publisher.fetch(statement("singles"), SINGLES, campana.people)
    await campana.dispatched()
