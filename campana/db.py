"""The database: pools, and the only ways to a connection.

`tenant()` for requests, `anonymous()` for what must happen before the tenant is known,
`bus()` for the dispatcher, the hub and other work across tenants. Roles and row-level
security are explained in docs/architecture.md, "Two walls around a tenant".
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from asyncpg import Connection, Pool, Record
from asyncpg.pool import PoolConnectionProxy

from campana.migrate import Roles
from campana.queries import queries

Tx: TypeAlias = "Connection[Record] | PoolConnectionProxy[Record]"
"""A connection inside a transaction."""


# Run at every borrowing of a connection: without aiosql's look-ups.
_ENTER_TENANT: str = queries.db.enter_tenant.sql
_LEAVE: str = queries.db.leave.sql

WAIT = 10.0
"""Seconds that a request waits for a connection, and to give it back."""
PATIENCE = {"web": 20.0, "bus": 60.0}
"""Seconds that a statement may take: a request and its rollback end within a proxy's 60."""


class PoolerError(Exception):
    """Connections have lost what they started with; the message says how that showed."""


class Database:
    """Two pools on one PostgreSQL: `campana_web` for requests, `campana_bus` for the corridor."""

    def __init__(self, dsn: str, roles: Roles, web: "Pool[Record]", bus: "Pool[Record]") -> None:
        self.dsn = dsn
        self.roles = roles
        self._web = web
        self._bus = bus

    @classmethod
    async def open(cls, dsn: str, roles: Roles, *, pool_size: int = 10) -> Self:
        """Connect both pools, at most `pool_size` connections each (1–100)."""
        web = await _pool(dsn, roles, roles.web, pool_size)
        try:
            bus = await _pool(dsn, roles, roles.bus, pool_size, bus=True)
        except BaseException:
            await web.close()
            raise
        return cls(dsn, roles, web, bus)

    async def close(self) -> None:
        """Wait for what is being asked, not for a database that does not answer."""
        for pool in (self._web, self._bus):
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT):
                    await pool.close()  # terminates its connections when it is cut short

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def tenant(self, tenant_id: UUID, user_id: UUID | None = None) -> AsyncIterator[Tx]:
        """A transaction that sees this tenant's rows and no others."""
        async with self._web.acquire(timeout=WAIT) as connection, connection.transaction():
            await connection.execute(_ENTER_TENANT, str(tenant_id), str(user_id or ""))
            yield connection

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[Tx]:
        """A connection that sees no rows: only the sign-in functions find anything through it."""
        async with self._web.acquire(timeout=WAIT) as connection:
            yield connection

    @asynccontextmanager
    async def bus(self) -> AsyncIterator[Tx]:
        """A connection that sees every tenant. No transaction is opened."""
        async with self._bus.acquire() as connection:
            yield connection

    async def wrong_roles(self) -> str | None:
        """In which wrong roles connections are, as words; None when tenants are kept apart."""
        roles, found = self.roles, set()
        async with self.anonymous() as web, self.bus() as bus:
            for connection in (web, bus, web, bus):
                found.add(str(await queries.db.acts_as(connection)))
        if found == {roles.web, f"{roles.bus} on" if roles.one_role else roles.bus}:
            return None
        return f"connections for {roles.web} and {roles.bus} act as {', '.join(sorted(found))}"

    async def connect_bus(self, dsn: str | None = None, *, name: str) -> "Connection[Record]":
        """A connection of its own, for LISTEN. `name` shows in pg_stat_activity."""
        return await asyncpg.connect(
            dsn or self.dsn, server_settings=_settings(self.roles, self.roles.bus, name, bus=True)
        )


async def _pool(
    dsn: str, roles: Roles, role: str, size: int, *, bus: bool = False
) -> "Pool[Record]":
    name = "campana bus" if bus else "campana web"
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        init=_use_json,
        reset=_stay if bus else _leave,
        server_settings=_settings(roles, role, name, bus=bus),
        command_timeout=PATIENCE["bus" if bus else "web"],
    )


async def _stay(connection: "Connection[Record]") -> None:
    """The corridor changes no settings of its connections: it saves a round trip per borrowing."""


async def _leave(connection: "Connection[Record]") -> None:
    await connection.execute(_LEAVE)


def _settings(roles: Roles, role: str, name: str, *, bus: bool) -> dict[str, str]:
    settings = {
        "application_name": name,
        "search_path": "campana, public",
        "jit": "off",  # compiling costs more than any of our queries
        "idle_in_transaction_session_timeout": "10s",
    }
    if bus:
        # Arrays of any length, one good plan: planning fan_out anew costs 3 ms each time.
        settings["plan_cache_mode"] = "force_generic_plan"
    if roles.one_role:
        return settings | ({"app.bus": "on"} if bus else {"app.web": "on"})
    return settings | {"role": role}


async def _use_json(connection: "Connection[Record]") -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[1:]),
    )
