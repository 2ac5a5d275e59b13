"""A moment in the database's life: what had been committed, and the second it was.

A stream hears live messages from its moment on; a poller carries its own as `signal`.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

_TEXT = re.compile(r"(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)@(\d{1,12})", re.ASCII)


@dataclass(frozen=True)
class Moment:
    """snapshot: as pg_current_snapshot() writes it. end: the first transaction not begun yet."""

    snapshot: str
    second: int
    end: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """From `<snapshot>@<second>`; None when no database of ours wrote that."""
        match = _TEXT.fullmatch(text)
        return match and cls(text.rpartition("@")[0], int(match[4]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.snapshot}@{self.second}"

    def has_seen(self, transaction: int) -> bool:
        """Whether that transaction had been committed, or given up."""
        return transaction < self.end and transaction not in self._running

    @cached_property
    def _running(self) -> frozenset[int]:
        return frozenset(int(one) for one in self.snapshot.split(":")[2].split(",") if one)
