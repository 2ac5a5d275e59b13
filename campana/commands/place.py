"""What commands work on: the settings, the migrated database they lead to, and what is in it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from campana import log, tenants
from campana.commands.failures import CommandError
from campana.db import Database
from campana.health import is_migrated
from campana.installation import Place, reached, ready
from campana.migrate import Roles, installed_roles
from campana.settings import Settings

ACTOR = "command line"
"""How the audit names whoever types commands."""


def settings_for_command(**chosen: Any) -> Settings:
    """The settings; logs are quiet unless they ask for more, since a command says what it did."""
    settings = Settings.load(**chosen)
    asked = "log_level" in settings.model_fields_set
    log.configure(settings.log_level if asked else "warning", settings.log_format)
    return settings


@asynccontextmanager
async def database(*, made_ready: bool = False) -> AsyncIterator[Database]:
    """The migrated database. made_ready: an embedded one is migrated first where needed."""
    async with reached(settings_for_command()) as place:
        roles = await schema(place, made_ready=made_ready)
        async with await Database.open(place.dsn, roles, pool_size=2) as db:
            if not await is_migrated(db):
                raise CommandError(_MIGRATE % "is older than this program")
            yield db


async def schema(place: Place, *, made_ready: bool) -> Roles:
    """Who plays which part in this database; CommandError when it was never migrated."""
    if made_ready and place.server:
        await (await ready(place.dsn, place.settings)).close()
    roles = await installed_roles(place.dsn)
    if roles is None:
        raise CommandError(_MIGRATE % "was never migrated")
    return roles


@asynccontextmanager
async def tenant_database(slug: str) -> AsyncIterator[tuple[Database, UUID]]:
    """The migrated database, and the id of the tenant with this short name; NotFound."""
    async with database() as db:
        async with db.bus() as bus:
            found = await tenants.find(bus, slug)
        yield db, found["id"]


def living(rows: Iterable[Any], kind: str, typed: str, *, column: str) -> UUID:
    """The id of the one row that is not revoked and has what was typed as its id or in `column`."""
    found = [
        row for row in rows if typed in (str(row["id"]), row[column]) and not row["revoked_at"]
    ]
    if len(found) != 1:
        raise CommandError(
            f"{len(found)} living {kind}s are called {typed[:80]!r}: see {kind} list"
        )
    return UUID(int=found[0]["id"].int)


_MIGRATE = "the database %s: run python main.py migrate"
