"""Links by which people choose their password: shown once, stored as sha256, good for three days.

Who has the link is who it was made for: the administrator hands it over by a way that is safe.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit, passwords, signals
from campana.administration import people
from campana.errors import Conflict, Invalid, NotFound
from campana.i18n import gettext as _
from campana.queries import queries
from campana.sessions import Account

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

LIFE = timedelta(days=3)
LEAST_PASSWORD = 8
LONGEST_TOKEN = 200


async def invite(
    db: Database, me: Person, *, email: str, name: str, role: str, branch: str
) -> tuple[UUID, str]:
    """A new person and the token of their link. Invalid or Conflict, naming the field."""
    async with db.tenant(me.tenant_id, me.id) as tx:
        user_id = await people.add(
            tx, me.tenant_id, email=email, name=name, role=role, branch=branch, actor=me.actor
        )
        return user_id, await _give(tx, me, user_id)


async def renew(db: Database, me: Person, user_id: UUID) -> str:
    """Another link for somebody of the tenant; the one before is void. NotFound, Conflict.

    What they have open goes on until they use it.
    """
    async with db.tenant(me.tenant_id, me.id) as tx:
        person = await people.one(tx, me.tenant_id, user_id)
        if not person["active"]:
            raise Conflict(_("Let this person sign in again first."))
        token = await _give(tx, me, user_id)
        await audit.record(
            tx, me.tenant_id, me.actor, "user.invite", user=user_id, email=person["email"]
        )
        return token


async def find(db: Database, token: str) -> Any:
    """Whose link this is (id, email, name, tenant_name, locale); NotFound when it holds no more."""
    async with db.anonymous() as connection:
        row = await queries.invitations.find(connection, token_hash=_hash(token))
    if row is None:
        raise NotFound("This link does not hold any more.")
    return row


async def accept(db: Database, token: str, password: str) -> Account:
    """Sets the password of the link's holder, once; the account to open a session for.

    Raises NotFound for a link that does not hold, Invalid for a password that is too short.
    """
    await find(db, token)  # a hash is dear
    if len(password) < LEAST_PASSWORD:
        raise Invalid(_("Use at least 8 characters."), field="password")
    if len(password) > passwords.LONGEST:
        raise Invalid(_("Use at most 1,000 characters."), field="password")
    password_hash = await passwords.hashed(password)
    async with db.anonymous() as connection, connection.transaction():
        row = await queries.invitations.accept(
            connection, token_hash=_hash(token), password_hash=password_hash
        )
    if row is None:
        raise NotFound("This link does not hold any more.")
    await signals.check_streams(db, row["tenant_id"], row["user_id"])
    return Account(row["tenant_id"], row["user_id"], row["auth_version"])


async def _give(tx: Tx, me: Person, user_id: UUID) -> str:
    token = secrets.token_urlsafe(32)
    await queries.invitations.give(
        tx,
        tenant=me.tenant_id,
        user_id=user_id,
        token_hash=_hash(token),
        expires_at=datetime.now(UTC) + LIFE,
    )
    return token


def _hash(token: str) -> bytes:
    return hashlib.sha256(token[:LONGEST_TOKEN].encode("utf-8", "replace")).digest()
