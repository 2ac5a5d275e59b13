"""Which database roles play the four parts of design decision D16, and making them.

Roles belong to a whole cluster, so another database may be migrated, and its roles made, right now.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from campana.queries import queries

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

log = structlog.get_logger(__name__)

ATTEMPTS = 50
PARTS = ("web", "bus", "auth", "publisher")
ACTED = PARTS[:3]  # the login must be able to act as these


class RolesError(Exception):
    """The database login lacks rights over the roles; the message says what to run."""


@dataclass(frozen=True)
class RoleNames:
    """What the settings ask for; None: the usual name. The password makes the publisher a login."""

    web: str | None = None
    bus: str | None = None
    auth: str | None = None
    publisher: str | None = None
    publisher_password: str | None = field(default=None, repr=False)

    def name(self, part: str) -> str:
        return str(getattr(self, part) or f"campana_{part}")

    @property
    def are_chosen(self) -> bool:
        return any(getattr(self, part) for part in PARTS)


@dataclass(frozen=True)
class Roles:
    """The roles in use. one_role: the login plays all parts, told apart by the setting app.bus."""

    web: str
    bus: str
    auth: str
    publisher: str
    one_role: bool = False

    @property
    def names(self) -> list[str]:
        return [self.web, self.bus, self.auth, self.publisher]

    def substitute(self, sql: str) -> str:
        """SQL written for campana_web and the others, as it must read for these roles."""
        played = re.sub(r"(['\"]?)\bcampana_(web|bus|auth|publisher)\b", self._played, sql)
        return played.replace("/*one_role*/false", "true") if self.one_role else played

    def _played(self, match: re.Match[str]) -> str:
        quote, name = match[1], str(getattr(self, match[2]))
        if re.search(r"[%'\\]", name):  # would end or bend the texts that SQL files put names in
            raise RolesError(f"the role {name} needs a name without %, ' and backslash")
        if quote:  # inside a text or a quoted name, whose end is already there
            return quote + name.replace(quote, quote * 2)
        return name if re.fullmatch(r"campana_\w+", name) else '"' + name.replace('"', '""') + '"'


async def ensure_roles(connection: "Connection", wanted: RoleNames) -> Roles:
    """The roles to use, made when the login may; else those given to it; else the login alone.

    Raises RolesError when roles were asked for that the login cannot act as.
    """
    login = await queries.roles.login(connection)
    if login["creates_roles"]:
        return await _made(connection, login, wanted)
    found = await _existing(connection, login, wanted)
    if all(found.get(wanted.name(part)) for part in ACTED):
        publisher = wanted.name("publisher")
        return _roles(wanted, publisher if publisher in found else login["name"])
    if wanted.are_chosen:
        raise RolesError(_grant_advice(login, wanted))
    log.warning(
        "migrate.one_role",
        login=login["name"],
        meaning="tenants are kept apart by row-level security on a single role",
        better=_grant_advice(login, wanted),
    )
    return Roles(**dict.fromkeys(PARTS, login["name"]), one_role=True)


def _roles(wanted: RoleNames, publisher: str) -> Roles:
    web, bus, auth = map(wanted.name, ACTED)
    return Roles(web, bus, auth, publisher)


async def _made(connection: "Connection", login: Any, wanted: RoleNames) -> Roles:
    for _ in range(ATTEMPTS):
        try:
            async with connection.transaction():
                await _make(connection, login, wanted)
            return _roles(wanted, wanted.name("publisher"))
        except (asyncpg.UniqueViolationError, asyncpg.DuplicateObjectError):
            pass  # another database of this cluster was first
        except asyncpg.InternalServerError as error:
            if "concurrently updated" not in str(error):
                raise
        except asyncpg.InsufficientPrivilegeError as error:
            raise RolesError(_grant_advice(login, wanted)) from error
        await asyncio.sleep(random.uniform(0.01, 0.1))
    raise RolesError("the roles of this cluster keep changing under us: try again")


async def _make(connection: "Connection", login: Any, wanted: RoleNames) -> None:
    found = await _existing(connection, login, wanted)
    for name in dict.fromkeys(map(wanted.name, PARTS)):
        if name not in found:
            await connection.execute(await queries.roles.statement_to_create(connection, name=name))
    for name in dict.fromkeys(map(wanted.name, ACTED)):
        if not found.get(name) and not login["is_superuser"]:
            await connection.execute(await queries.roles.statement_to_grant(connection, name=name))
    if wanted.publisher_password:
        verifier = scram_verifier(wanted.publisher_password)
        statement = await queries.roles.statement_to_let_in(
            connection, name=wanted.name("publisher"), verifier=verifier
        )
        await connection.execute(statement)


async def _existing(connection: "Connection", login: Any, wanted: RoleNames) -> dict[str, bool]:
    """Name → whether the login may act as it."""
    act = "SET" if login["server_version"] >= 160000 else "MEMBER"
    names = list(map(wanted.name, PARTS))
    rows = [row async for row in queries.roles.existing(connection, act=act, names=names)]
    return {row["name"]: row["is_usable"] for row in rows}


def _grant_advice(login: Any, wanted: RoleNames) -> str:
    names = ", ".join(map(wanted.name, ACTED))
    return (
        f"as an administrator of the database: create role … nologin (each of {names} that is"
        f' missing); grant {names} to "{login["name"]}"'
    )


def scram_verifier(password: str) -> str:
    """What PostgreSQL keeps of an ASCII password (RFC 5803), made here so it never travels."""
    if not password.isascii() or not password.isprintable():
        raise ValueError("a database password must be printable ASCII")
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (
        base64.b64encode(part).decode() for part in (salt, stored, server)
    )
    return f"SCRAM-SHA-256${rounds}:{salt64}${stored64}:{server64}"
