"""Roles of a tenant: names that people carry and audiences speak of, and who of them administers.

A role keeps its name: publishers write it into audiences (`role:ADMIN`) that no rename would reach.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from campana import audit, signals
from campana.administration import edits
from campana.errors import Conflict, Invalid, NotFound
from campana.i18n import gettext as _
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


async def every(tx: Tx, tenant_id: UUID) -> list[Any]:
    """Rows (name, administers, people, active): those that administer first."""
    return [row async for row in queries.tenant_roles.all(tx, tenant=tenant_id)]


async def one(tx: Tx, tenant_id: UUID, name: str) -> Any:
    """One of those rows; NotFound."""
    row = await queries.tenant_roles.one(tx, tenant=tenant_id, name=name)
    if row is None:
        raise NotFound("There is no such role in this tenant.")
    return row


async def create(db: Database, me: Person, name: str, *, administers: bool) -> None:
    """A new role. Invalid for a name that is none, Conflict for a taken one."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            _("Write a role in capitals: A to Z, 0 to 9 and _, such as SHIFT_LEADER."),
            field="name",
        )
    async with db.tenant(me.tenant_id, me.id) as tx:
        added = await queries.tenant_roles.add(
            tx, tenant=me.tenant_id, name=name, administers=administers
        )
        if not added:
            raise Conflict(_("There is a role of this name already."), field="name")
        after = {"administers": administers}
        await audit.record(tx, me.tenant_id, me.actor, "role.create", after=after, role=name)


async def change(
    db: Database, me: Person, name: str, *, administers: bool, was: Mapping[str, Any]
) -> None:
    """Whether those who have this role administer the tenant, from now on; open pages hear of it.

    NotFound; Conflict when nobody active would administer it; Overtaken.
    """
    async with db.tenant(me.tenant_id, me.id) as tx:
        await queries.tenant_roles.lock_rights(tx, tenant=me.tenant_id)
        row = await queries.tenant_roles.lock(tx, tenant=me.tenant_id, name=name)
        if row is None:
            raise NotFound("There is no such role in this tenant.")
        now = {"administers": row["administers"]}
        done = edits.changes(was, {"administers": administers}, now)
        if not done:
            return
        await queries.tenant_roles.set_administers(
            tx, tenant=me.tenant_id, name=name, administers=administers
        )
        await keep_an_administrator(tx, me.tenant_id)
        await audit.record(
            tx, me.tenant_id, me.actor, "role.change", before=now, after=done, role=name
        )
        signal_id = await signals.tell(tx, me.tenant_id, "rights:changed", ["role", name])
    await signals.check_streams(db, me.tenant_id)  # first: who is doubted is told nothing
    await signals.hint(db, me.tenant_id, signals=[signal_id])


async def delete(db: Database, me: Person, name: str) -> None:
    """Takes away a role that nobody has, inactive people included. NotFound, Conflict."""
    try:
        async with db.tenant(me.tenant_id, me.id) as tx:
            row = await one(tx, me.tenant_id, name)
            if row["people"]:
                raise _in_use()
            await queries.tenant_roles.forget_preferences(tx, tenant=me.tenant_id, role=name)
            await queries.tenant_roles.delete(tx, tenant=me.tenant_id, name=name)
            before = {"administers": row["administers"]}
            await audit.record(tx, me.tenant_id, me.actor, "role.delete", before=before, role=name)
    except asyncpg.ForeignKeyViolationError:  # somebody was given it this very moment
        raise _in_use() from None


async def keep_an_administrator(tx: Tx, tenant_id: UUID) -> None:
    """Raises Conflict, and so undoes, what left nobody to administer. Behind lock_rights."""
    if not await queries.tenant_roles.is_administered(tx, tenant=tenant_id):
        raise last_administrator(field="role")


def last_administrator(field: str | None = None) -> Conflict:
    """What is said to who would leave nobody to administer."""
    said = _("Nobody else administers this business: give somebody else that right first.")
    return Conflict(said, field=field)


def _in_use() -> Conflict:
    return Conflict(_("People have this role: give them another one first."))
