"""What is examined: the settings, a plain connection of the owner, and what was learned so far."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from campana.migrate import Roles
from campana.settings import Settings

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
CONNECTED_WITHIN = 10.0


@dataclass
class Patient:
    """roles: once the schema was found to be there."""

    settings: Settings
    dsn: str
    connection: Connection
    roles: Roles | None = None

    @property
    def known_roles(self) -> Roles:
        """For checks that come after the one of the schema."""
        assert self.roles is not None
        return self.roles

    @asynccontextmanager
    async def one_more(self, dsn: str | None = None) -> AsyncIterator[Connection]:
        """One more plain connection, cut rather than closed: it may hang in what was tried."""
        connection = await plain_connection(dsn or self.dsn)
        try:
            yield connection
        finally:
            connection.terminate()


async def plain_connection(dsn: str) -> Connection:
    """As any program would open it: nothing prepared ahead, no settings of ours."""
    return await asyncpg.connect(dsn, statement_cache_size=0, timeout=CONNECTED_WITHIN)


def words(error: BaseException) -> str:
    """In one line; never empty. What asyncpg hints at further down speaks to programmers."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
