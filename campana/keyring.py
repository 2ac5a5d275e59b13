"""Keys that requests show: those who come at once with the same key share a look at the database.

A look begins after the last of those who share it has come: whoever comes after a key was revoked
is told so. Nothing is kept between looks.
"""

from __future__ import annotations

import asyncio
from typing import Any

from campana import keys
from campana.db import Database
from campana.keys import KeyIdentity
from campana.users import Person

Shown = tuple[bytes, str | None]
"""The hash of a key, and whom it acts for."""


class Keyring:
    """Tells whose a key is. One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._next: dict[Shown, asyncio.Future[Any]] = {}
        self._looking: dict[Shown, asyncio.Task[None]] = {}

    async def identify(self, key: str, acting_for: str | None = None) -> KeyIdentity | Person:
        """As `keys.identify`."""
        return keys.whose(await self._row((keys.key_hash(key), acting_for)), acting_for)

    async def _row(self, shown: Shown) -> Any:
        if shown not in self._next:
            self._next[shown] = asyncio.get_running_loop().create_future()
            if shown not in self._looking:
                self._looking[shown] = asyncio.create_task(self._look_for_all(shown))
        return await asyncio.shield(self._next[shown])  # who leaves does not take the answer along

    async def _look_for_all(self, shown: Shown) -> None:
        try:
            while waiting := self._next.pop(shown, None):
                await self._look(shown, waiting)
        finally:
            del self._looking[shown]

    async def _look(self, shown: Shown, waiting: asyncio.Future[Any]) -> None:
        try:
            row = await keys.look_up(self._db, *shown)
            await keys.note_use(self._db, row)
        except Exception as error:
            waiting.set_exception(error)
        else:
            waiting.set_result(row)
