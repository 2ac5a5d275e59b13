"""The connection string of the login that may publish for every tenant and do nothing else."""

from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from campana.commands.failures import CommandError
from campana.commands.output import remark
from campana.commands.place import schema
from campana.installation import Place
from campana.migrate import RoleNames, Roles
from campana.queries import queries
from campana.roles import ensure_roles

ANSWER_SECONDS = 10
LOGIN = ("user", "password", "passfile")
NOT_LET_IN = (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)


async def publisher_dsn(place: Place) -> str:
    """For psql, asyncpg and libpq, tried out; an embedded database is migrated where needed.

    Raises CommandError when the database's login cannot give out such a string.
    """
    roles = await schema(place, made_ready=True)
    if roles.publisher == await _own_login(place):
        remark(
            f"the database has no login that may only publish: this is {roles.publisher} itself,"
            " which owns the tables; let an administrator create role campana_publisher"
        )
        return place.dsn
    password = _password(place)
    dsn = with_login(place.dsn, roles.publisher, password)
    try:
        await _try(dsn)
    except NOT_LET_IN:
        await _let_in(place, roles, password)
        await _try(dsn)
    return dsn


def with_login(url: str, user: str, password: str) -> str:
    """The same database for another login."""
    parts = urlsplit(url)
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    where = parts.netloc.rpartition("@")[2]
    others = [part for part in parts.query.split("&") if part.partition("=")[0] not in LOGIN]
    return urlunsplit((parts.scheme, f"{login}@{where}", parts.path, "&".join(others), ""))


def _password(place: Place) -> str:
    password = place.settings.publisher_password
    if password is None and place.server:
        password = place.server.secret("publisher")
    if password is None:
        raise CommandError(
            "with DATABASE_URL the login that publishes gets the password you choose: set"
            " CAMPANA_PUBLISHER_PASSWORD"
        )
    return password


async def _own_login(place: Place) -> str:
    connection = await asyncpg.connect(place.dsn, statement_cache_size=0)
    try:
        return str((await queries.roles.login(connection))["name"])
    finally:
        await connection.close()


async def _try(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, statement_cache_size=0, timeout=ANSWER_SECONDS)
    await connection.close()


async def _let_in(place: Place, roles: Roles, password: str) -> None:
    """Give the role its password; without the right to do so an administrator has to."""
    names = RoleNames(roles.web, roles.bus, roles.auth, roles.publisher, password)
    connection = await asyncpg.connect(place.dsn, statement_cache_size=0)
    try:
        if not (await queries.roles.login(connection))["creates_roles"]:
            raise CommandError(
                f"{roles.publisher} is not let in with CAMPANA_PUBLISHER_PASSWORD: as an"
                f" administrator, alter role {roles.publisher} login password '…'"
            )
        await ensure_roles(connection, names)
    finally:
        await connection.close()
