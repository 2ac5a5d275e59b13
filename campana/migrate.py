"""Brings a database to this program's schema: numbered chapters once, then the functions.

Door: `await migrate(dsn)`. Safe to run at any time, by several processes at once, through a
transaction pooler too. SQL files name campana_web and the other roles; `roles.py` says who
plays them here.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import structlog

from campana.queries import SQL, queries
from campana.roles import RoleNames, Roles, RolesError, ensure_roles

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

__all__ = ["MigrationError", "MigrationReport", "RoleNames", "Roles", "installed_roles", "migrate"]

log = structlog.get_logger(__name__)

OLDEST = 150000  # PostgreSQL 15
FUNCTIONS = "functions"  # their line in the ledger


class MigrationError(Exception):
    """The database cannot be migrated; the message says what to do."""


@dataclass(frozen=True)
class MigrationReport:
    """applied: names of the chapters applied now. functions: whether they were replaced.

    server_version: as in server_version_num, for example 180006.
    """

    applied: list[str]
    functions: bool
    roles: Roles
    server_version: int


async def migrate(
    dsn: str, names: RoleNames | None = None, *, folder: Path = SQL, force: bool = False
) -> MigrationReport:
    """Apply what is missing. force: replace the functions even if they are as they should be.

    Raises MigrationError; what was applied before it stays.
    """
    chapters = _chapters(folder / "migrations")
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        return await _migrate(connection, names or RoleNames(), chapters, folder, force)
    except RolesError as error:
        raise MigrationError(str(error)) from error
    finally:
        await connection.close()


async def installed_roles(dsn: str) -> Roles | None:
    """The roles this database was migrated with; None: it never was. RolesError: not to be seen."""
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        return await _installed_roles(connection)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    except asyncpg.InsufficientPrivilegeError as error:
        raise RolesError(
            f"{error.message}: let DATABASE_URL name the login that migrates, which owns the tables"
        ) from error
    finally:
        await connection.close()


async def _migrate(
    connection: "Connection", names: RoleNames, chapters: dict[str, str], folder: Path, force: bool
) -> MigrationReport:
    version = (await queries.roles.login(connection))["server_version"]
    if version < OLDEST:
        raise MigrationError(f"PostgreSQL {version // 10000} is too old: 15 or newer is needed")
    roles = await ensure_roles(connection, names)
    async with _turn(connection):
        await _prepare(connection, roles)
    applied = [name async for name in _apply_missing(connection, roles, chapters)]
    async with _turn(connection):
        functions = await _replace_functions(connection, roles, version, folder, force)
    log.info("migrate.done", applied=applied, functions=functions, one_role=roles.one_role)
    return MigrationReport(applied, functions, roles, version)


@asynccontextmanager
async def _turn(connection: "Connection") -> AsyncIterator[None]:
    """A transaction in which nobody else migrates this database."""
    async with connection.transaction():
        await queries.migration.settle(connection)
        await queries.migration.lock_out_others(connection)
        yield


async def _prepare(connection: "Connection", roles: Roles) -> None:
    """Schema, extensions and ledger. Looks first: `if not exists` asks for rights all the same."""
    try:
        if not await queries.migration.has_schema(connection):
            await queries.migration.create_schema(connection)
        async for row in queries.migration.missing_extensions(connection):
            statement = await queries.migration.statement_to_extend(connection, name=row["name"])
            await connection.execute(statement)
        await queries.migration.create_ledger(connection)
        async for row in queries.migration.schemas_closed_to(connection, role=roles.auth):
            opening = queries.migration.statement_to_open(
                connection, name=row["name"], role=roles.auth
            )
            await connection.execute(await opening)
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"{error}: let the login own the database, or run as an administrator in it: create"
            " schema campana authorization <login>; grant create on schema public to <login> with"
            " grant option; create extension btree_gist; create extension pg_trgm; create extension"
            " unaccent"
        ) from error
    except asyncpg.FeatureNotSupportedError as error:
        raise MigrationError(f"{error}: install PostgreSQL's contrib modules") from error


async def _apply_missing(
    connection: "Connection", roles: Roles, chapters: dict[str, str]
) -> AsyncIterator[str]:
    """Each chapter in a transaction of its own, with a look at what others did meanwhile."""
    while True:
        async with _turn(connection):
            name = _first_missing(chapters, await _ledger(connection))
            if name is None:
                return
            await _execute(connection, name, roles.substitute(chapters[name]))
            await _record(connection, name, chapters[name])
        log.info("migrate.applied", chapter=name)
        yield name


def _first_missing(chapters: dict[str, str], ledger: dict[str, str]) -> str | None:
    for name, checksum in ledger.items():
        if name == FUNCTIONS:
            continue
        if name not in chapters:
            raise MigrationError(f"the database is newer than this program: it has {name}")
        if _checksum(chapters[name]) != checksum:
            raise MigrationError(
                f"{name} was changed after it had been applied: restore it and write a new one"
            )
    return next((name for name in chapters if name not in ledger), None)


async def _replace_functions(
    connection: "Connection", roles: Roles, version: int, folder: Path, force: bool
) -> bool:
    """All or nothing, and only when text, roles or major version are not as last time."""
    texts = {path.name: roles.substitute(_read(path)) for path in _files(folder / "functions")}
    whose = await queries.migration.whose_rights(connection, names=roles.names)
    state = "\n".join([*texts.values(), repr(roles), whose, str(version // 10000)])
    if not force and (await _ledger(connection)).get(FUNCTIONS) == _checksum(state):
        return False
    for name, text in texts.items():
        await _execute(connection, name, text)
    await _record(connection, FUNCTIONS, state)
    await queries.migration.record_roles(connection, **asdict(roles))
    return True


async def _execute(connection: "Connection", name: str, text: str) -> None:
    try:
        await connection.execute(text)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{name}{_line(text, error)}: {error}") from error


def _line(text: str, error: asyncpg.PostgresError) -> str:
    position = getattr(error, "position", None)
    return f", line {text.count(chr(10), 0, int(position)) + 1}" if position else ""


async def _ledger(connection: "Connection") -> dict[str, str]:
    rows = [row async for row in queries.migration.applied(connection)]
    return {row["name"]: row["checksum"] for row in rows}


async def _record(connection: "Connection", name: str, text: str) -> None:
    await queries.migration.record(connection, name=name, checksum=_checksum(text))


async def _installed_roles(connection: "Connection") -> Roles | None:
    row = await queries.migration.role_mapping(connection)
    return Roles(**row) if row else None


def _chapters(folder: Path) -> dict[str, str]:
    """Name → text, in order. Two chapters of one number would have no order."""
    chapters = {path.name: _read(path) for path in _files(folder)}
    numbers = [name[:4] for name in chapters]
    wrong = [name for name in chapters if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name)]
    if wrong or len(set(numbers)) != len(numbers):
        raise MigrationError(
            f"chapters are named NNNN_name.sql, each number once: {wrong or numbers}"
        )
    return chapters


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql"))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")  # universal newlines: the same checksum everywhere


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
