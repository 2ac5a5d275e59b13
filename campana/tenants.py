"""Tenants: who lives in this installation, with their roles and branches.

Founding and listing tenants is work across tenants: it takes a connection of `db.bus()`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana.errors import Conflict, Invalid, NotFound
from campana.i18n import DEFAULT_LOCALE, LOCALES
from campana.legible import is_name
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx

MODULES = ("calendar", "crm", "pos", "sales", "inventory")
DEFAULT_TIME_ZONE = "America/El_Salvador"


async def found(
    bus: Tx,
    slug: str,
    name: str,
    *,
    modules: Sequence[str] = (),
    roles: Mapping[str, bool],
    locale: str = DEFAULT_LOCALE,
    time_zone: str = DEFAULT_TIME_ZONE,
) -> UUID:
    """A new tenant; its id. `roles`: name → whether it administers. Conflict for a taken slug."""
    _check(slug, name, modules, roles, locale)
    if await queries.tenants.find(bus, slug=slug):
        raise Conflict(f"There is a tenant {slug!r} already.", field="slug")
    tenant_id: UUID = await queries.tenants.add(
        bus,
        slug=slug,
        name=name,
        modules=list(modules),
        locale=locale,
        time_zone=time_zone,
        roles=list(roles),
        administering=[role for role, administers in roles.items() if administers],
    )
    return tenant_id


async def find(bus: Tx, slug: str) -> Any:
    """The row (id, slug, name, modules, locale, time_zone, active); NotFound."""
    row = await queries.tenants.find(bus, slug=slug)
    if row is None:
        raise NotFound(f"There is no tenant {slug[:80]!r}.")
    return row


async def everyone(bus: Tx) -> list[Any]:
    """All tenants, as `find()` gives one."""
    return [row async for row in queries.tenants.all(bus)]


async def exist(bus: Tx) -> bool:
    return bool(await queries.tenants.exist(bus))


async def add_role(bus: Tx, tenant_id: UUID, name: str, *, administers: bool = False) -> None:
    """Roles are data of a tenant. Raises asyncpg's UniqueViolationError for a second one."""
    _check_role(name)
    await queries.tenants.add_role(bus, tenant_id=tenant_id, name=name, administers=administers)


async def add_branch(bus: Tx, tenant_id: UUID, name: str) -> None:
    """A place of work, for `branch:NAME`."""
    if not is_name(name, 80):
        raise Invalid("A branch's name has 1 to 80 characters that can be read.", field="name")
    await queries.tenants.add_branch(bus, tenant_id=tenant_id, name=name)


def _check(
    slug: str, name: str, modules: Sequence[str], roles: Mapping[str, bool], locale: str
) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", slug):
        raise Invalid("A short name holds a-z, 0-9 and -, up to 63.", field="slug")
    if not is_name(name, 120):
        raise Invalid("A name has 1 to 120 characters that can be read.", field="name")
    if unknown := [module for module in modules if module not in MODULES]:
        raise Invalid(f"There is no module {unknown[0]!r}.", field="modules")
    if locale not in LOCALES:
        raise Invalid(f"There is no language {locale!r}.", field="locale")
    if not any(roles.values()):
        raise Invalid("At least one role must administer the tenant.", field="roles")
    for role in roles:
        _check_role(role)


def _check_role(name: str) -> None:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,39}", name):
        raise Invalid("A role is written in capitals, such as ADMIN.", field="role")
