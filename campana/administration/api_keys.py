"""API keys as administrators make them: named once, with an end, shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import keys
from campana.errors import Conflict, Invalid
from campana.i18n import gettext as _
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database
    from campana.users import Person

LIVES = (30, 90, 365, 0)
"""Days that a key may hold; 0: until it is revoked."""
LONGEST_NAME = 80


async def create(
    db: Database, me: Person, *, name: str, scopes: Sequence[str], days: int
) -> tuple[str, UUID]:
    """The key, to be shown this once, and its id.

    Invalid by field; Conflict when a living key has this name, so that a form sent twice makes one.
    """
    _check(name, scopes, days)
    async with db.tenant(me.tenant_id, me.id) as tx:
        found = queries.keys.living_names(tx, tenant_id=me.tenant_id)
        if name in {row["name"] async for row in found}:
            raise Conflict(_("A living key has this name: choose another one."), field="name")
    return await keys.create(
        db, me.tenant_id, name=name, scopes=scopes, expires_at=_end(days), actor=me.actor
    )


async def listed(db: Database, me: Person) -> tuple[list[Any], list[Any]]:
    """The keys that count, newest first, and those that do not any more (at most 50)."""
    rows = list(reversed(await keys.of_tenant(db, me.tenant_id)))
    now = datetime.now(UTC)
    living = [row for row in rows if _is_living(row, now)]
    return living, [row for row in rows if not _is_living(row, now)][:50]


def _is_living(row: Any, now: datetime) -> bool:
    return not row["revoked_at"] and (row["expires_at"] is None or row["expires_at"] > now)


def _check(name: str, scopes: Sequence[str], days: int) -> None:
    faults = []
    if not 1 <= len(name) <= LONGEST_NAME:
        faults.append(("name", _("Say what it is for, in 80 characters at most.")))
    if not scopes or set(scopes) - set(keys.SCOPES):
        faults.append(("scopes", _("Choose at least one thing that the key may do.")))
    if days not in LIVES:
        faults.append(("days", _("Choose one of the times listed.")))
    if faults:
        raise Invalid.by_field(faults)


def _end(days: int) -> datetime | None:
    return datetime.now(UTC) + timedelta(days=days) if days else None
