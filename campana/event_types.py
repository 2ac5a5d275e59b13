"""Event types as publish_event() knows them: built in, or added by tenants as data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit
from campana.channels import DEFAULT
from campana.errors import Conflict, Invalid
from campana.events import BUILTIN, PRIORITIES, VARIANTS
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx

LONGEST = 80
_NAME = re.compile(r"[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)+")


async def add(
    bus: Tx,
    tenant_id: UUID,
    name: str,
    *,
    lasting: bool = True,
    priority: str = "medium",
    variant: str = "info",
    actor: str,
) -> None:
    """A new type for this tenant. lasting: with a row in the inbox; else live only, never kept.

    Invalid for what publish_event() would not understand, Conflict for a name that is taken.
    """
    _check(name, priority, variant)
    added = await queries.event_types.add(
        bus,
        tenant_id=tenant_id,
        name=name,
        lasting=lasting,
        priority=priority,
        variant=variant,
        channels=DEFAULT if lasting else 0,
    )
    if added is None:
        raise Conflict(f"This tenant has a type {name!r} already.", field="name")
    await audit.record(bus, tenant_id, actor, "type.add", type=name)


async def know_builtin(bus: Tx) -> None:
    """Write the built-in types of campana/events.py into the database; part of making ready."""
    await queries.event_types.know_builtin(
        bus,
        names=[kind.type for kind in BUILTIN],
        lasting=[kind.lasting for kind in BUILTIN],
        priorities=[kind.default_priority for kind in BUILTIN],
        variants=[kind.default_variant for kind in BUILTIN],
        channels=[DEFAULT if kind.lasting else 0 for kind in BUILTIN],
    )


async def of_tenant(bus: Tx, tenant_id: UUID) -> list[Any]:
    """Rows (name, lasting, priority, variant, is_builtin), the built-in ones first."""
    return [row async for row in queries.event_types.of_tenant(bus, tenant_id=tenant_id)]


def is_name(name: str) -> bool:
    """Whether a type may be called so on the wire: `card:sold`."""
    return len(name) <= LONGEST and _NAME.fullmatch(name) is not None


def is_builtin(name: str) -> bool:
    return any(kind.type == name for kind in BUILTIN)


def _check(name: str, priority: str, variant: str) -> None:
    if not is_name(name):
        raise Invalid(
            "A type is written like card:sold, up to 80 characters.",
            field="name",
            hint="Small letters, digits and _, at least one colon.",
        )
    if is_builtin(name):
        raise Conflict(f"{name!r} is built in: every tenant knows it.", field="name")
    if priority not in PRIORITIES:
        raise Invalid(f"Priorities are {', '.join(PRIORITIES)}.", field="priority")
    if variant not in VARIANTS:
        raise Invalid(f"Variants are {', '.join(VARIANTS)}.", field="variant")
