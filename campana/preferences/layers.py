"""What a tenant and its roles say: defaults and locks per type, and attention. For administrators.

Each change locks the tenant's layers, and leaves an audit row with before and after.
Role '' stands for the tenant itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campana import audit, channels, signals
from campana.db import Database, Tx
from campana.errors import Invalid
from campana.preferences.attention import Attention, attention_of, columns_of
from campana.preferences.policy import Masks
from campana.queries import queries

TENANT = ""


@dataclass(frozen=True, slots=True)
class LayersOfTenant:
    """Everything said. masks: (role, type) → Masks; attention: role → Attention.

    changed_by, changed_at: the last change, None when there was none.
    """

    masks: Mapping[tuple[str, str], Masks]
    attention: Mapping[str, Attention]
    changed_by: str | None = None
    changed_at: datetime | None = None


async def read(tx: Tx, tenant_id: UUID) -> LayersOfTenant:
    """All layers of the tenant and its roles, and who changed them last."""
    rows = [row async for row in queries.layers.masks(tx, tenant=tenant_id)]
    said = [row async for row in queries.layers.attentions(tx, tenant=tenant_id)]
    last = await queries.layers.last_change(tx, tenant=tenant_id)
    return LayersOfTenant(
        {(row["role"], row["type"]): _masks(row) for row in rows},
        {row["role"]: attention_of(row) for row in said},
        *((last["actor"], last["at"]) if last else (None, None)),
    )


async def set_masks(
    tx: Tx, tenant_id: UUID, event_type: str, masks: Masks, *, role: str = TENANT, actor: str
) -> None:
    """All of what this layer says of a type. A lock without a choice locks what is below.

    Invalid for a type, role or channel that there is not.
    """
    before = (await _locked(tx, tenant_id, role)).masks.get((role, event_type), Masks())
    _check(masks)
    if not await queries.layers.knows_type(tx, tenant=tenant_id, type=event_type):
        raise Invalid(f"There is no type {event_type[:80]!r}.", field="type", code="unknown_type")
    if masks == before:
        return
    place = {"tenant": tenant_id, "type": event_type, **asdict(masks)}
    if role == TENANT:
        await queries.layers.set_tenant(tx, **place)
    else:
        await queries.layers.set_role(tx, role=role, **place)
    was, now = _told(before), _told(masks)
    where = {"role": role or None, "type": event_type}
    await audit.record(tx, tenant_id, actor, "layer.masks", before=was, after=now, **where)


async def set_attention(
    tx: Tx, tenant_id: UUID, wanted: Attention, *, role: str = TENANT, actor: str
) -> None:
    """Minimum priority, quiet hours, work days for who says nothing; None: as the layer below."""
    before = (await _locked(tx, tenant_id, role)).attention.get(role, Attention())
    columns = columns_of(wanted)
    if wanted == before:
        return
    if role == TENANT:
        await queries.layers.attend_tenant(tx, tenant=tenant_id, **columns)
    else:
        await queries.layers.attend_role(tx, tenant=tenant_id, role=role, **columns)
    was, now = (
        {name: _plain(value) for name, value in columns_of(said).items() if value is not None}
        for said in (before, wanted)
    )
    where = {"role": role or None}
    await audit.record(tx, tenant_id, actor, "layer.attention", before=was, after=now, **where)


async def announce(db: Database, tenant_id: UUID, role: str = TENANT) -> None:
    """After the commit: open pages of everybody, or of a role, look again at what holds."""
    rule = ["role", role] if role else ["all"]
    async with db.tenant(tenant_id) as tx:
        signal_id = await signals.tell(tx, tenant_id, "preferences:changed", rule)
    await signals.hint(db, tenant_id, users=[], signals=[signal_id])


async def _locked(tx: Tx, tenant_id: UUID, role: str) -> LayersOfTenant:
    await queries.layers.lock_tenant(tx, tenant=str(tenant_id))
    if role != TENANT and not await queries.layers.knows_role(tx, tenant=tenant_id, role=role):
        raise Invalid(f"This tenant has no role {role[:40]!r}.", field="role")
    return await read(tx, tenant_id)


def _masks(row: Mapping[str, Any]) -> Masks:
    return Masks(row["value"], row["chosen"], row["locked"], row["reason"])


def _told(masks: Masks) -> dict[str, list[str]]:
    """As the audit says it: channels by name."""
    lists = {
        "on": masks.value & masks.chosen,
        "off": masks.chosen & ~masks.value,
        "locked": masks.locked,
    }
    return {name: channels.names(mask) for name, mask in lists.items() if mask}


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) else value.isoformat("minutes")


def _check(masks: Masks) -> None:
    if (masks.value | masks.chosen | masks.locked) & ~channels.ALL or masks.value & ~masks.chosen:
        raise Invalid("What is on has to be chosen, on channels that there are.", field="channels")
