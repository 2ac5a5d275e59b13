"""Branches of a tenant: where people work, and what audiences call `branch:NAME`.

A branch keeps its name, as a role does: publishers write it into audiences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from campana import audit
from campana.errors import Conflict, Invalid, NotFound
from campana.i18n import gettext as _
from campana.legible import is_name
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

LONGEST = 80


async def every(tx: Tx, tenant_id: UUID) -> list[Any]:
    """Rows (id, name, people) by name."""
    return [row async for row in queries.branches.all(tx, tenant=tenant_id)]


async def create(db: Database, me: Person, name: str) -> None:
    """A new branch. Invalid for a name that is empty, too long or not legible, Conflict for a taken
    one."""
    if not is_name(name, LONGEST):
        raise Invalid(_("A branch's name has 1 to 80 characters that can be read."), field="name")
    async with db.tenant(me.tenant_id, me.id) as tx:
        found = await queries.branches.add(tx, tenant=me.tenant_id, name=name)
        if found is None:
            raise Conflict(_("There is a branch of this name already."), field="name")
        await audit.record(tx, me.tenant_id, me.actor, "branch.create", branch=found, name=name)


async def delete(db: Database, me: Person, branch_id: UUID) -> None:
    """Takes away a branch where nobody works, inactive people included. NotFound, Conflict."""
    try:
        async with db.tenant(me.tenant_id, me.id) as tx:
            name = await queries.branches.delete(tx, tenant=me.tenant_id, id=branch_id)
            if name is None:
                raise NotFound("There is no such branch in this tenant.")
            await audit.record(
                tx, me.tenant_id, me.actor, "branch.delete", branch=branch_id, name=name
            )
    except asyncpg.ForeignKeyViolationError:
        raise Conflict(_("People work at this branch: give them another one first.")) from None
