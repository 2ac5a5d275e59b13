"""The people of a tenant: who somebody is, and the verbs that change it.

Whatever changes somebody's rights raises `auth_version`, writes an audit row and closes the
streams opened before, so that access ends at once on every process.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from campana import audit, legible, passwords, signals
from campana.errors import Conflict, Invalid, NotFound
from campana.i18n import LOCALES
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx

LONGEST_EMAIL, LONGEST_NAME = 254, 120
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in, named by a token, or acted for by a key; read anew for each request."""

    tenant_id: UUID
    tenant_slug: str
    tenant_name: str
    modules: tuple[str, ...]
    id: UUID
    email: str
    name: str
    role: str
    administers: bool
    branch_id: UUID | None
    locale: str
    time_zone: str
    auth_version: int
    credential: str = "session"  # or 'key', or 'token' (JWT)
    credential_id: str = ""  # hex of the session token's hash, or the key's or token issuer's id
    session_tag: str = ""  # names the session in the browser without telling its token; else ''
    scopes: frozenset[str] = frozenset()  # a key's; a session needs none
    expires_at: datetime | None = None

    @classmethod
    def from_row(cls, row: Any, **credential: Any) -> Self:
        """From a row of campana.people(); `credential` fills the last fields."""
        said = {name: row[name] for name in _FIELDS}
        said["modules"] = tuple(said["modules"])
        return cls(**said, **credential)

    @property
    def actor(self) -> str:
        """How the audit names this person."""
        return self.email


# What campana.people() says; the others belong to the credential.
_FIELDS = [field.name for field in fields(Person) if field.default is MISSING]


def is_email(text: str) -> bool:
    """Whether it can be one; whether it is, only a letter to it would tell."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None and text.isprintable()


def is_name(text: str) -> bool:
    """Whether somebody may be called so."""
    return legible.is_name(text, LONGEST_NAME)


async def add(
    tx: Tx,
    tenant_id: UUID,
    *,
    email: str,
    name: str,
    role: str,
    password_hash: str | None,
    branch: str | None = None,
    actor: str,
) -> UUID:
    """A new person; the id. Conflict for a taken e-mail, Invalid for an unknown role or branch."""
    _check_new(email, name)
    email = email.lower()
    row = await queries.users.add(
        tx,
        tenant_id=tenant_id,
        email=email,
        name=name,
        role=role,
        branch=branch,
        password_hash=password_hash,
    )
    found = _added(row, role, branch)
    after = {"name": name, "role": role, "branch": branch or ""}
    await audit.record(tx, tenant_id, actor, "user.add", after=after, user=found, email=email)
    return found


async def find(tx: Tx, tenant_id: UUID, id_or_email: str) -> UUID:
    """The id of an active or inactive person of this tenant; NotFound."""
    found: UUID | None = await queries.users.find(tx, tenant_id=tenant_id, id_or_email=id_or_email)
    if found is None:
        raise NotFound(f"There is no user {id_or_email[:80]!r} in this tenant.")
    return found


async def deactivate(db: Database, tenant_id: UUID, user_id: UUID, *, actor: str) -> None:
    """Ends all access of this person. Conflict when nobody else would administer the tenant."""
    async with db.tenant(tenant_id) as tx:
        await _keep_an_administrator(tx, tenant_id, user_id)
        row = await queries.users.set_active(tx, tenant_id=tenant_id, id=user_id, active=False)
        await _note(tx, tenant_id, user_id, row, actor, "user.deactivate", active=False)
    await signals.check_streams(db, tenant_id, user_id)


async def activate(db: Database, tenant_id: UUID, user_id: UUID, *, actor: str) -> None:
    """Lets this person sign in again; sessions from before stay dead."""
    async with db.tenant(tenant_id) as tx:
        row = await queries.users.set_active(tx, tenant_id=tenant_id, id=user_id, active=True)
        await _note(tx, tenant_id, user_id, row, actor, "user.activate", active=True)
    await signals.check_streams(db, tenant_id, user_id)


async def change_role(
    db: Database, tenant_id: UUID, user_id: UUID, role: str, *, actor: str
) -> None:
    """Gives this person another role of the tenant; Invalid when there is no such role."""
    async with db.tenant(tenant_id) as tx:
        administers = await queries.tenants.role_administers(tx, tenant_id=tenant_id, role=role)
        if administers is None:
            raise _unknown_role(role)
        if not administers:
            await _keep_an_administrator(tx, tenant_id, user_id)
        row = await queries.users.set_role(tx, tenant_id=tenant_id, id=user_id, role=role)
        await _note(tx, tenant_id, user_id, row, actor, "user.change_role", role=role)
    await signals.check_streams(db, tenant_id, user_id)


async def change_password(
    db: Database, tenant_id: UUID, user_id: UUID, password: str, *, actor: str
) -> None:
    """Sets a new password and ends every session of this person, this one too."""
    password_hash = await passwords.hashed(password)
    async with db.tenant(tenant_id) as tx:
        row = await queries.users.set_password(
            tx, tenant_id=tenant_id, id=user_id, password_hash=password_hash
        )
        await _note(tx, tenant_id, user_id, row, actor, "user.change_password")
    await signals.check_streams(db, tenant_id, user_id)


async def choose_locale(db: Database, person: Person, locale: str) -> None:
    """The language this person reads from now on; Invalid when we do not speak it."""
    if locale not in LOCALES:
        raise Invalid(f"There is no language {locale[:20]!r}.", field="locale")
    async with db.tenant(person.tenant_id, person.id) as tx:
        await queries.users.set_locale(tx, tenant_id=person.tenant_id, id=person.id, locale=locale)
    await signals.check_streams(db, person.tenant_id, person.id)


def _check_new(email: str, name: str) -> None:
    if not is_email(email):
        raise Invalid("This is no e-mail address.", field="email", code="invalid_value")
    if not is_name(name):
        raise Invalid(
            "A name has 1 to 120 characters that can be read.", field="name", code="invalid_value"
        )


def _added(row: Any, role: str, branch: str | None) -> UUID:
    if not row["role_known"]:
        raise _unknown_role(role)
    if not row["branch_known"]:
        raise Invalid(f"This tenant has no branch {branch!r}.", field="branch")
    if row["id"] is None:
        raise Conflict("Somebody already uses this e-mail.", field="email")
    return UUID(int=row["id"].int)


def _unknown_role(role: str) -> Invalid:
    return Invalid(
        f"This tenant has no role {role[:40]!r}.", field="role", code="unknown_recipient"
    )


async def _keep_an_administrator(tx: Tx, tenant_id: UUID, leaving: UUID) -> None:
    await queries.tenant_roles.lock_rights(tx, tenant=tenant_id)  # two may not leave at once
    if await queries.users.is_last_administrator(tx, tenant_id=tenant_id, id=leaving):
        raise Conflict("Nobody else administers this tenant.", hint="Name another one first.")


async def _note(
    tx: Tx, tenant_id: UUID, user_id: UUID, row: Any, actor: str, action: str, **after: Any
) -> None:
    """row: the e-mail, and what the one field of `after` was; None where there is nobody."""
    if row is None:
        raise NotFound("There is no such user in this tenant.")
    before = dict.fromkeys(after, row.get("was"))
    said = {"before": before, "after": after, "user": user_id, "email": row["email"]}
    await audit.record(tx, tenant_id, actor, action, **said)
