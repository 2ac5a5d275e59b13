"""Work that goes on beside everything else; a failure is logged and ends nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from campana.errors import is_unforeseen

log = structlog.get_logger()

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
            story, name = is_unforeseen(error), work.__name__
            log.warning(trouble, work=name, error=str(error), exc_info=story, success=False)
            await asyncio.sleep(AFTER_TROUBLE)
