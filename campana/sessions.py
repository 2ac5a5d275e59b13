"""Sign-in and the sessions it opens.

A token is 256 random bits that only the browser keeps; the table has its sha256. What a session
may do is read from the user's row on every request, so a change of rights counts at once.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import passwords, signals
from campana.errors import TooMany, Unauthorized
from campana.queries import queries
from campana.users import Person

if TYPE_CHECKING:
    from campana.db import Database

REFRESH_EVERY = timedelta(days=1)

# Run for every request of a browser: without aiosql's look-ups.
_PERSON: str = queries.sessions.person.sql


@dataclass(frozen=True, slots=True)
class Account:
    """Who has just proven to be who they say; good for opening one session."""

    tenant_id: UUID
    user_id: UUID
    auth_version: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A living session: whose it is and what the browser left in it."""

    person: Person
    data: dict[str, Any]
    created_at: datetime

    def wants_refresh(self, lifetime: timedelta) -> bool:
        """Whether to move its end: a session in use lives on, written once a day at most."""
        ends = self.person.expires_at
        return ends is not None and ends - datetime.now(UTC) < lifetime - REFRESH_EVERY


async def authenticate(db: Database, email: str, password: str, address: str) -> Account:
    """The account of this e-mail and password.

    Takes as long for an unknown e-mail as for a wrong password. Raises Unauthorized
    (wrong_credentials) and TooMany, which says how many seconds to wait.
    """
    async with db.anonymous() as connection:
        row = await queries.sessions.begin(
            connection, email=email.strip().lower()[:254], address=throttled_as(address)
        )
    if row["wait"]:
        raise TooMany("Too many attempts to sign in.", retry_after=row["wait"])
    if not await passwords.matches(row["password_hash"], password):
        raise Unauthorized("E-mail or password is wrong.", code="wrong_credentials")
    return Account(row["tenant_id"], row["user_id"], row["auth_version"])


async def open_session(
    db: Database, account: Account, data: dict[str, Any], lifetime: timedelta, address: str
) -> str:
    """A new session; its token, for the cookie. Unauthorized when rights have just changed."""
    token = secrets.token_urlsafe(32)
    async with db.anonymous() as connection:
        opened = await queries.sessions.open(
            connection,
            token_hash=token_hash(token),
            tenant_id=account.tenant_id,
            user_id=account.user_id,
            auth_version=account.auth_version,
            data=data,
            expires_at=datetime.now(UTC) + lifetime,
            address=throttled_as(address),
        )
    if not opened:
        raise Unauthorized("Your rights have just changed: sign in again.")
    return token


async def find(db: Database, token: str) -> OpenSession | None:
    """The living session of this token with its person, in one query."""
    digest = token_hash(token)
    async with db.anonymous() as connection:
        row = await connection.fetchrow(_PERSON, digest)
    if row is None:
        return None
    person = Person.from_row(
        row,
        credential="session",
        credential_id=digest.hex(),
        session_tag=session_tag(digest),
        expires_at=row["expires_at"],
    )
    return OpenSession(person, row["data"], row["created_at"])


async def extend(db: Database, token: str, data: dict[str, Any], lifetime: timedelta) -> bool:
    """Writes what the session holds and moves its end to `lifetime` from now; False: it is over."""
    async with db.anonymous() as connection:
        return bool(
            await queries.sessions.extend(
                connection,
                token_hash=token_hash(token),
                data=data,
                expires_at=datetime.now(UTC) + lifetime,
            )
        )


async def close(db: Database, token: str) -> None:
    """Ends the session of this token and the streams it opened, on every process."""
    digest = token_hash(token)
    async with db.anonymous() as connection:
        owner = await queries.sessions.close(connection, token_hash=digest)
    if owner:
        await signals.check_streams(db, owner["tenant_id"], owner["user_id"], digest.hex())


async def forget_old(db: Database) -> int:
    """For the clock: removes expired sessions and counters nobody needs; how many sessions."""
    async with db.bus() as bus:
        return int(await queries.sessions.forget_old(bus))


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def session_tag(digest: bytes) -> str:
    """Names a session to its own pages: the first 16 hexadecimal digits of sha256(hash + 'tag')."""
    return hashlib.sha256(digest + b"tag").hexdigest()[:16]


def throttled_as(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits (one customer)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(ip), 64), strict=False).network_address)
    return str(getattr(ip, "ipv4_mapped", None) or ip)
