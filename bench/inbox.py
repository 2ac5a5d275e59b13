"""How a big tenant's inboxes answer: badge, panel, page and search, by HTTP, one after the other.

1,000 people, each with as many notifications as there were broadcasts; the dispatcher wrote them.
"""

from __future__ import annotations

import time
from array import array
from itertools import cycle, islice

import aiohttp

from bench.campana import Campana, statement
from bench.generator import BenchError
from bench.latency import percentiles

BURST = 500
ASKED = {
    "badge": ("/api/notifications?unread=true&limit=1",),
    "panel": ("/notifications/latest",),
    "page": ("/notifications",),
    # one that a single event says, some that many say, a beginning, none; stems and without accents
    "search": tuple(
        f"/notifications/list?q={words}"
        for words in ("0000003", "jose+tamal", "pedido", "horch", "zanahoria", "oscar+cafes")
    ),
}


async def play(campana: Campana, sizes: tuple[int, ...], times: int) -> dict[str, object]:
    """For each size (notifications in the tenant): milliseconds p50, p95, p99 and the worst."""
    found: dict[str, object] = {}
    events = 0
    site = f"http://127.0.0.1:{campana.port}"
    jar = aiohttp.CookieJar(unsafe=True)  # an address is no name
    async with aiohttp.ClientSession(site, headers={"Origin": site}, cookie_jar=jar) as session:
        await sign_in(session, campana.person(0))
        for size in sizes:
            await fill(campana, events + 1, size // campana.people)
            events = size // campana.people
            await campana.rest()
            found[str(size)] = {
                name: percentiles(await ask(session, paths, times)) for name, paths in ASKED.items()
            }
    return found


async def sign_in(session: aiohttp.ClientSession, email: str) -> None:
    form = {"email": email, "password": "demo"}
    async with session.post("/login", data=form, allow_redirects=False) as answer:
        if answer.status != 303:
            raise BenchError(f"signing in was answered {answer.status}")


async def fill(campana: Campana, first: int, last: int) -> None:
    """Events `first` to `last`, each for everybody."""
    assert campana.publisher
    for start in range(first, last + 1, BURST):
        end = min(start + BURST - 1, last)
        await campana.publisher.fetch(statement("fill"), start, end)
        await campana.dispatched(timeout=120)


async def ask(session: aiohttp.ClientSession, paths: tuple[str, ...], times: int) -> array[int]:
    """Nanoseconds until each answer was read; `times` of them, after some to warm up."""
    samples = array("q")
    for path in islice(cycle(paths), times + 10):
        start = time.monotonic_ns()
        async with session.get(path) as answer:
            await answer.read()
            if answer.status != 200:
                raise BenchError(f"{path} was answered {answer.status}")
        samples.append(time.monotonic_ns() - start)
    return samples[10:]
