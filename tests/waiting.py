"""Waiting for a fact instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE = 20.0
"""Seconds, for busy machines: they are spent where something fails, and nowhere else."""


async def eventually(fact: Callable[[], Any | Awaitable[Any]], seconds: float = PATIENCE) -> Any:
    """What `fact()` gives, as soon as it is true; AssertionError when it stays false so long."""
    deadline = time.monotonic() + seconds
    while True:
        found = fact()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {inspect.getsource(fact).strip()}")
        await asyncio.sleep(0.01)
