"""An installation: where its database is, made ready to be used.

`opened(settings)` starts or adopts the embedded server when there is no DATABASE_URL,
migrates, and gives the Database.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from campana import demo, event_types
from campana.db import Database, PoolerError
from campana.embedded import running
from campana.migrate import migrate
from campana.settings import Settings


@asynccontextmanager
async def reached(settings: Settings) -> AsyncIterator[str]:
    """The owner's connection string; the embedded server lives as long as it is used."""
    if settings.database_url:
        yield settings.database_url
        return
    async with running(settings.home, settings.pg_bin) as server:
        yield server.dsn


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, migrated to this version and filled with demo data where asked for."""
    async with reached(settings) as dsn, await ready(dsn, settings) as db:
        if settings.demo:
            await demo.fill(db)
        yield db


async def ready(dsn: str, settings: Settings) -> Database:
    """Migrate and connect. Raises PoolerError where tenants would not be kept apart."""
    report = await migrate(dsn, settings.role_names())
    db = await Database.open(dsn, report.roles, pool_size=settings.pool_size)
    try:
        if wrong := await db.misplayed():
            raise PoolerError(wrong)
        async with db.bus() as connection:
            await event_types.know_builtin(connection)
    except BaseException:
        await db.close()
        raise
    return db
