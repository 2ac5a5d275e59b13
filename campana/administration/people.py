"""The people of a tenant, as its administrators see and change them.

Verbs that command line and pages share (add, deactivate, activate) are in campana/users.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from campana import audit, signals, users
from campana.administration import edits
from campana.administration.roles import keep_an_administrator
from campana.errors import Conflict, Invalid, NotFound
from campana.i18n import gettext as _
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

PAGE = 50
MOST_COUNTED = 10_001


@dataclass(frozen=True, slots=True)
class Filter:
    """Which people: words of name or e-mail, role, branch, active or not; None: whichever."""

    sought: str | None = None
    role: str | None = None
    branch: UUID | None = None
    active: bool | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """People by name. count: how many there are, at most MOST_COUNTED. more: `after` to go on."""

    rows: list[Any]
    count: int
    more: UUID | None


async def page(tx: Tx, tenant_id: UUID, which: Filter) -> Page:
    """At most PAGE rows (id, name, email, role, administers, branch, active, …)."""
    asked = {
        "tenant": tenant_id,
        "sought": which.sought,
        "role": which.role,
        "branch": which.branch,
        "active": which.active,
    }
    listed = queries.people.page(tx, **asked, after=which.after, limit=PAGE + 1)
    rows = [row async for row in listed]
    count = await queries.people.count(tx, **asked, most=MOST_COUNTED)
    return Page(rows[:PAGE], count, rows[PAGE - 1]["id"] if len(rows) > PAGE else None)


async def one(tx: Tx, tenant_id: UUID, user_id: UUID) -> Any:
    """The row of one person, active or not, with how many sessions are open; NotFound."""
    row = await queries.people.one(tx, tenant=tenant_id, id=user_id)
    if row is None:
        raise NotFound("There is no such user in this tenant.")
    return row


async def branches(tx: Tx, tenant_id: UUID) -> list[Any]:
    """Rows (id, name) by name."""
    return [row async for row in queries.people.branches(tx, tenant=tenant_id)]


async def add(
    tx: Tx, tenant_id: UUID, *, email: str, name: str, role: str, branch: str, actor: str
) -> UUID:
    """A new person without a password; the id. Invalid or Conflict, naming the field.

    branch: an id, or '' for none.
    """
    email, name = email.strip().lower(), name.strip()
    await _check(tx, tenant_id, {"email": email, "name": name, "role": role, "branch": branch})
    place = (await _named(tx, tenant_id, {"branch": branch}))["branch"]
    who = {"email": email, "name": name, "role": role, "actor": actor}
    try:
        return await users.add(tx, tenant_id, **who, branch=place or None, password_hash=None)
    except Conflict:
        raise _taken() from None


async def change(
    db: Database, me: Person, user_id: UUID, mine: Mapping[str, str], was: Mapping[str, Any]
) -> dict[str, str]:
    """Writes e-mail, name, role and branch as far as they differ; what changed, field by field.

    A new role ends older sessions and streams at once. Another e-mail does not: it is the same
    person with the same rights; it ends the old one for signing in, and an open link to choose a
    password. Raises NotFound, Invalid, Conflict for a taken e-mail or when nobody would administer
    the tenant, Overtaken when somebody changed the same field since `was`.
    """
    async with db.tenant(me.tenant_id, me.id) as tx:
        await queries.tenant_roles.lock_rights(tx, tenant=me.tenant_id)
        row = await queries.people.lock(tx, tenant=me.tenant_id, id=user_id)
        if row is None:
            raise NotFound("There is no such user in this tenant.")
        now = as_form(row)
        done = edits.changes(was, _trimmed(mine), now)
        if done:
            await _write(tx, me, user_id, now, done)
        whose = {"tenant": me.tenant_id, "reader": user_id}
        told = [await queries.preferences.tell(tx, **whose)] if "email" in done else []
    if "role" in done:
        await signals.check_streams(db, me.tenant_id, user_id)
    if told:  # their own page shows it
        await signals.hint(db, me.tenant_id, users=[user_id], signals=told)
    return done


async def sign_out_everywhere(db: Database, me: Person, user_id: UUID) -> None:
    """Ends every session of a person and the streams opened before; NotFound."""
    async with db.tenant(me.tenant_id, me.id) as tx:
        email = await queries.people.sign_out(tx, tenant=me.tenant_id, id=user_id)
        if email is None:
            raise NotFound("There is no such user in this tenant.")
        await audit.record(tx, me.tenant_id, me.actor, "user.sign_out", user=user_id, email=email)
    await signals.check_streams(db, me.tenant_id, user_id)


def as_form(row: Any) -> dict[str, str]:
    """What an edit may change, as a form says it."""
    branch = row["branch_id"]
    return {
        "email": row["email"],
        "name": row["name"],
        "role": row["role"],
        "branch": str(branch) if branch else "",
    }


def _trimmed(mine: Mapping[str, str]) -> dict[str, str]:
    """As it is kept. A form without an e-mail leaves it."""
    texts = {name: text.strip() for name, text in mine.items()}
    return texts | ({"email": texts["email"].lower()} if "email" in texts else {})


async def _write(
    tx: Tx, me: Person, user_id: UUID, now: dict[str, str], done: dict[str, str]
) -> None:
    new = now | done
    await _check(tx, me.tenant_id, new)
    try:
        await queries.people.change(
            tx,
            tenant=me.tenant_id,
            id=user_id,
            email=new["email"],
            name=new["name"],
            role=new["role"],
            branch=_id(new["branch"]),
        )
    except asyncpg.UniqueViolationError:  # of another tenant, perhaps: only the index sees that
        raise _taken() from None
    if "role" in done:
        await keep_an_administrator(tx, me.tenant_id)
    before = {name: now[name] for name in done}
    await audit.record(
        tx,
        me.tenant_id,
        me.actor,
        _action(done),
        before=await _named(tx, me.tenant_id, before),
        after=await _named(tx, me.tenant_id, done),
        user=user_id,
        email=now["email"],
    )


def _taken() -> Conflict:
    return Conflict(_("Somebody already uses this e-mail."), field="email")


def _action(done: Mapping[str, str]) -> str:
    if "role" in done:
        return "user.change_role"
    return "user.change_email" if "email" in done else "user.change"


async def _named(tx: Tx, tenant_id: UUID, fields: Mapping[str, str]) -> dict[str, str]:
    """The same with the branch's name, for people who read the audit later."""
    names = {str(row["id"]): row["name"] for row in await branches(tx, tenant_id)}
    return {name: names.get(text, text) for name, text in fields.items()}


async def _check(tx: Tx, tenant_id: UUID, typed: Mapping[str, str]) -> None:
    faults = []
    if "email" in typed and not users.is_email(typed["email"]):
        faults.append(("email", _("This is no e-mail address.")))
    if not users.is_name(typed["name"]):
        faults.append(("name", _("A name has 1 to 120 characters that can be read.")))
    role = typed["role"]
    if await queries.tenants.role_administers(tx, tenant_id=tenant_id, role=role) is None:
        faults.append(("role", _("Choose one of the roles of this business.")))
    if typed["branch"] and _id(typed["branch"]) not in [
        row["id"] for row in await branches(tx, tenant_id)
    ]:
        faults.append(("branch", _("Choose one of the branches of this business.")))
    if faults:
        raise Invalid.by_field(faults)


def _id(text: str) -> UUID | None:
    """What is no id is one that nothing has."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return UUID(int=0)
