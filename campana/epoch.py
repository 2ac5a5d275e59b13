"""The epoch: first half of every cursor, see design decision D5.

After a backup was restored, cursors that readers hold may speak of notifications that are gone.
A new epoch tells every reader so: `resync`, and on from the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from campana.queries import queries

if TYPE_CHECKING:
    import asyncpg

    from campana.db import Database

    Connection = asyncpg.Connection[asyncpg.Record]


async def current(db: Database) -> str:
    """What cursors begin with now; drawn anew when this is another cluster than it was."""
    async with db.bus() as connection:
        token: str = await queries.epoch.current(connection)
        return token


async def show(owner: Connection) -> Any:
    """The row (epoch, system_identifier, timeline); None before the first server ran."""
    return await queries.epoch.show(owner)


async def renew(owner: Connection) -> str:
    """Draw a new one, whether the cluster is another or not; returns it."""
    token: str = await queries.epoch.renew(owner)
    return token


async def tell_servers(owner: Connection) -> int:
    """Have running servers look at the epoch now: they do whenever their listener comes back.

    Returns how many; asyncpg.InsufficientPrivilegeError when they run as another login.
    """
    told: int = await queries.epoch.cut_listeners(owner)
    return told
