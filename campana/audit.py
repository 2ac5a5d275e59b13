"""Who changed what, before and after: written with the change, in its transaction.

Administrators read it through campana/administration/audit.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx


async def record(
    tx: Tx,
    tenant_id: UUID,
    actor: str,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **subject: Any,
) -> None:
    """One row. `subject` names what was changed, as `user=…, email=…`; before and after hold the
    fields that changed and no others, never a secret."""
    detail = {name: _plain(value) for name, value in subject.items()}
    for name, values in (("before", before), ("after", after)):
        if values:
            detail[name] = {field: _plain(value) for field, value in values.items()}
    await queries.audit.add(tx, tenant=tenant_id, actor=actor, action=action, detail=detail)


async def record_revoked(tx: Tx, tenant_id: UUID, actor: str, action: str, **subject: Any) -> None:
    """One row for what counts no more."""
    said = {"before": {"revoked": False}, "after": {"revoked": True}, **subject}
    await record(tx, tenant_id, actor, action, **said)


def _plain(value: Any) -> Any:
    """asyncpg's UUIDs are a class of its own, which JSON does not know."""
    return str(value) if isinstance(value, UUID) else value
