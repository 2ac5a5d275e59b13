"""An installation: where its database is, made ready to be used.

`opened(settings)` starts or adopts the embedded server when there is no DATABASE_URL,
migrates, and gives the Database.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from campana import demo, event_types
from campana.cluster import Server
from campana.db import Database, PoolerError
from campana.embedded import kept_alive, running
from campana.migrate import migrate
from campana.settings import Settings


@dataclass(frozen=True)
class Place:
    """A database that answers. dsn: the owner's. server: the embedded one, if it is that."""

    settings: Settings
    dsn: str
    server: Server | None


@asynccontextmanager
async def reached(settings: Settings) -> AsyncIterator[Place]:
    """The database of these settings; an embedded server is started, or adopted, and lives as long
    as it is used."""
    if settings.database_url:
        yield Place(settings, settings.database_url, None)
        return
    async with running(settings.home, settings.pg_bin) as server:
        yield Place(settings, server.dsn, server)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, migrated to this version and filled with demo data where asked for; an embedded
    one that dies meanwhile is started anew."""
    async with reached(settings) as place, await ready(place.dsn, settings) as db:
        if settings.demo:
            await demo.fill(db)
        async with kept_alive(place.server) if place.server else nullcontext():
            yield db


async def ready(dsn: str, settings: Settings) -> Database:
    """Migrate and connect. Raises PoolerError where tenants would not be kept apart."""
    report = await migrate(dsn, settings.role_names())
    db = await Database.open(dsn, report.roles, pool_size=settings.pool_size)
    try:
        if wrong := await db.wrong_roles():
            raise PoolerError(wrong)
        async with db.bus() as connection:
            await event_types.know_builtin(connection)
    except BaseException:
        await db.close()
        raise
    return db
