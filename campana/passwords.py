"""Passwords: Argon2id, off the event loop, at most as many at once as there are threads here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from campana.errors import Invalid, Unavailable

Result = TypeVar("Result")

# OWASP's first recommendation for Argon2id; about 20 ms and 19 MiB each.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
# A pool rather than a semaphore: it bounds threads and memory, and belongs to no event loop.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
MOST_WAITING = 100
LONGEST = 1000  # characters; hashing more would only cost time
_waiting = 0


async def hashed(password: str) -> str:
    """The Argon2id hash to store. Invalid when empty or longer than 1,000 characters."""
    if not 1 <= len(password) <= LONGEST:
        raise Invalid("A password has 1 to 1,000 characters.", field="password")
    return await _in_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; takes as long when there is none (`password_hash` None)."""
    nobody = _nobody()  # asked for either way: the first time it costs a hash
    known = await _in_thread(_verify, password_hash or nobody, password[:LONGEST])
    return known and password_hash is not None and len(password) <= LONGEST


@cache
def _nobody() -> str:
    """What unknown e-mails are compared with, so that they take as long as known ones."""
    return _hasher.hash("nobody has this password")


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def _in_thread(work: Callable[..., Result], *arguments: str) -> Result:
    global _waiting
    if _waiting >= MOST_WAITING:
        raise Unavailable("Too many people are signing in just now.", retry_after=1)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *arguments)
    finally:
        _waiting -= 1
