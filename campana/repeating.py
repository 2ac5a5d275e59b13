"""Work that goes on beside everything else; a failure is logged and ends nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog

from campana.errors import is_unforeseen

log = structlog.get_logger()
T = TypeVar("T")

AFTER_TROUBLE = 1.0
"""Seconds to wait after a failure, on top of the interval."""


async def for_ever(work: Callable[[], Awaitable[None]], *, every: float, trouble: str) -> None:
    """Until cancelled; seconds from the end of one time to the next. trouble: what the log calls
    a failure, as `clock.failed`."""
    while True:
        await asyncio.sleep(every)
        try:
            await work()
        except Exception as error:
            _tell(trouble, work.__name__, error)
            await asyncio.sleep(AFTER_TROUBLE)


async def for_each(
    things: Iterable[T], work: Callable[[T], Awaitable[object]], *, trouble: str
) -> None:
    """One after the other: one that fails holds up no other, however often it is tried again."""
    for thing in things:
        try:
            await work(thing)
        except Exception as error:
            _tell(trouble, str(thing), error)


def _tell(trouble: str, work: str, error: Exception) -> None:
    story = is_unforeseen(error)
    log.warning(trouble, work=work, error=str(error), exc_info=story, success=False)
