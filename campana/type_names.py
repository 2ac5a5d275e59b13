"""What tenants call types of their own, for everything that names a type (campana/vocabulary.py).

Remembered for a few seconds by process: another process may show a name for so long that has just
been changed on this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database

KEPT = 5.0
"""Seconds."""
MOST_TENANTS = 1_000

Names = Mapping[str, Mapping[str, str]]
"""Type → language → name."""


class TypeNames:
    """Names by tenant."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, tuple[float, Names]] = {}

    async def of(self, tenant_id: UUID) -> Names:
        """Of types that have a name, retired ones too."""
        until, names = self._known.get(tenant_id, (0.0, {}))
        if until > monotonic():
            return names
        async with self._db.tenant(tenant_id) as tx:
            rows = queries.event_types.names(tx, tenant=tenant_id)
            names = {row["name"]: _by_language(row["words"]) async for row in rows}
        while len(self._known) >= MOST_TENANTS:
            del self._known[next(iter(self._known))]
        self._known[tenant_id] = (monotonic() + KEPT, names)
        return names

    def forget(self, tenant_id: UUID) -> None:
        """One of them was changed."""
        self._known.pop(tenant_id, None)


def _by_language(words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {locale: said["name"] for locale, said in words.items() if said.get("name")}
