"""`epoch show` and `epoch renew`: after a backup was restored."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from cyclopts import App

from campana import epoch
from campana.commands.output import remark, say, say_table
from campana.commands.place import schema, settings_for_command
from campana.installation import reached

app = App(name="epoch", help="What every cursor of a reader begins with.")


@app.command
async def show() -> None:
    """The epoch, and the database cluster it was drawn for."""
    async with _owner() as owner:
        row = await epoch.show(owner)
    if row is None:
        remark("no epoch yet: it is drawn when a server first starts")
        return
    say_table(list(row.keys()), [row])


@app.command
async def renew() -> None:
    """Draw a new epoch: every reader is told to fetch everything again (resync).

    Do it after restoring a backup into the same database cluster, before serving again. Another
    cluster, or one on another timeline, is noticed without it. Nothing is lost by doing it.
    """
    async with _owner() as owner:
        say(await epoch.renew(owner))
        try:
            told = await epoch.tell_servers(owner)
        except asyncpg.InsufficientPrivilegeError:
            remark("running servers use another login and could not be told: restart them")
            return
    remark(f"running servers that were told: {told}; their readers reconnect and fetch again")


@asynccontextmanager
async def _owner() -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    async with reached(settings_for_command()) as place:
        await schema(place, made_ready=False)
        connection = await asyncpg.connect(place.dsn, statement_cache_size=0)
        try:
            yield connection
        finally:
            await connection.close()
