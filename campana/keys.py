"""API keys: how programs say which tenant they work for, and what they may do.

`ck_<prefix>_<secret>`, shown once, stored as sha256 (the secret has 256 random bits, so nothing
slower is needed). In demo data they are literally `demo-<tenant>`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit, signals
from campana.errors import DATABASE_TROUBLE, Forbidden, Invalid, NotFound, Unauthorized
from campana.queries import queries
from campana.users import Person

if TYPE_CHECKING:
    from campana.db import Database

SCOPES = ("publish", "read", "impersonate")
LONGEST = 200  # characters of a key that are worth hashing

# Run for every request of a program: without aiosql's look-ups.
_IDENTITY: str = queries.keys.identity.sql


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """A program: the key it showed, and the tenant that key belongs to."""

    tenant_id: UUID
    slug: str
    id: UUID
    name: str
    scopes: frozenset[str]
    expires_at: datetime | None = None

    @property
    def actor(self) -> str:
        """How the audit names this program."""
        return f"key:{self.name}"


async def identify(db: Database, key: str, acting_for: str | None = None) -> KeyIdentity | Person:
    """Who shows this key; with `acting_for` (id or e-mail) the person of its tenant it acts for.

    One query. Raises Unauthorized for an unknown, revoked or expired key, Forbidden without the
    scope impersonate, NotFound when the tenant has no such active user.
    """
    return whose(await look_up(db, key_hash(key), acting_for), acting_for)


async def look_up(db: Database, digest: bytes, acting_for: str | None) -> Any:
    """What the database knows of the key with this hash, for `whose`."""
    async with db.anonymous() as connection:
        return await connection.fetchrow(_IDENTITY, digest, acting_for and acting_for[:254])


async def note_use(db: Database, row: Any) -> None:
    """When a key was last used, to within five minutes: one write in that time, whatever it does.

    row: as `look_up` gives it. Whoever asks does not suffer when this cannot be written.
    """
    if row is None or row["revoked"] or row["expired"] or row["used_lately"]:
        return
    with suppress(*DATABASE_TROUBLE):
        async with db.tenant(row["key_tenant_id"]) as tx:
            await queries.keys.note_use(tx, tenant_id=row["key_tenant_id"], id=row["key_id"])


def whose(row: Any, acting_for: str | None) -> KeyIdentity | Person:
    """Who that is; raises as `identify`."""
    identity = _living(row)
    if acting_for is None:
        return identity
    if "impersonate" not in identity.scopes:
        raise Forbidden("This key may not act for a person.", code="missing_scope", field="user")
    if row["id"] is None:
        raise NotFound("This tenant has no such user.", field="user")
    return Person.from_row(
        row,
        credential="key",
        credential_id=str(identity.id),
        scopes=identity.scopes,
        expires_at=identity.expires_at,
    )


async def create(
    db: Database,
    tenant_id: UUID,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    actor: str,
) -> tuple[str, UUID]:
    """A new key, to be shown this once, and its id."""
    prefix = secrets.token_hex(4)
    key = f"ck_{prefix}_{secrets.token_urlsafe(32)}"
    return key, await remember(
        db, tenant_id, key, name=name, scopes=scopes, expires_at=expires_at, actor=actor
    )


def beginning(key: str) -> str:
    """What a key is recognised by where it must not be shown."""
    return key[:11]


async def remember(
    db: Database,
    tenant_id: UUID,
    key: str,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    actor: str,
) -> UUID:
    """Stores the hash of a key made elsewhere (demo data); its id."""
    wanted = _checked(name, scopes)
    async with db.tenant(tenant_id) as tx:
        found: UUID = await queries.keys.add(
            tx,
            tenant_id=tenant_id,
            name=name,
            prefix=beginning(key),
            key_hash=key_hash(key),
            scopes=wanted,
            expires_at=expires_at,
        )
        after = {"scopes": wanted, "expires_at": expires_at}
        await audit.record(tx, tenant_id, actor, "key.create", after=after, key=found, name=name)
    return found


async def revoke(db: Database, tenant_id: UUID, key_id: UUID, *, actor: str) -> None:
    """Ends this key and the streams it has opened at once. NotFound when gone already."""
    async with db.tenant(tenant_id) as tx:
        name = await queries.keys.revoke(tx, tenant_id=tenant_id, id=key_id)
        if name is None:
            raise NotFound("There is no such key, or it was revoked before.")
        await audit.record_revoked(tx, tenant_id, actor, "key.revoke", key=key_id, name=name)
    await signals.check_streams_of_key(db, tenant_id, key_id)


async def of_tenant(db: Database, tenant_id: UUID) -> list[Any]:
    """Rows, oldest first: id, name, prefix, scopes, created_at, expires_at, revoked_at,
    last_used_at."""
    async with db.tenant(tenant_id) as tx:
        return [row async for row in queries.keys.of_tenant(tx, tenant_id=tenant_id)]


def key_hash(key: str) -> bytes:
    return hashlib.sha256(key[:LONGEST].encode("utf-8", "replace")).digest()


def _living(row: Any) -> KeyIdentity:
    if row is None or row["revoked"]:
        raise Unauthorized("This API key is not known.", hint="Ask your administrator for a key.")
    if row["expired"]:
        raise Unauthorized("This API key has expired.", code="expired_key")
    return KeyIdentity(
        tenant_id=row["key_tenant_id"],
        slug=row["key_tenant_slug"],
        id=row["key_id"],
        name=row["key_name"],
        scopes=frozenset(row["scopes"]),
        expires_at=row["expires_at"],
    )


def _checked(name: str, scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        raise Invalid(f"Scopes are {', '.join(SCOPES)}.", field="scopes", code="invalid_value")
    if not 1 <= len(name) <= 80:
        raise Invalid("A key's name has 1 to 80 characters.", field="name", code="invalid_value")
    return wanted
