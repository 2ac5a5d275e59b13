"""Memory per idle stream: the serving process's resident set before and after opening many."""

import asyncio

from bench.campana import Campana
from bench.generator import Generator
from bench.process import resident


async def play(campana: Campana, counts: tuple[int, ...]) -> dict[str, float]:
    """KiB per stream for each count, in a serving process that was just started."""
    await campana.stop_serving()
    await campana.serve()
    async with Generator() as generator:
        await generator.open(campana.streams(20))
        await generator.close()
    await asyncio.sleep(1)
    found = {}
    before = resident(campana.pid)
    async with Generator() as generator:
        opened = 0
        for count in counts:
            await generator.open(campana.streams(count).beyond(opened))
            opened = count
            await asyncio.sleep(1)
            found[str(count)] = (resident(campana.pid) - before) / count / 1024
        await generator.close()
    return found
