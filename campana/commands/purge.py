"""`purge`: retention now, instead of when the clock comes to it."""

from time import monotonic
from typing import Any

from cyclopts import App

from campana import retention, tenants
from campana.commands.output import remark, say
from campana.commands.place import database
from campana.db import Database
from campana.retention import Purged

app = App(name="purge")
EVERY = 1.0
"""Seconds between two remarks about the progress."""


@app.default
async def purge(*, tenant: str | None = None, dry_run: bool = False) -> None:
    """Take away what is older than its tenant keeps. Servers go on meanwhile.

    A server does it by itself once an hour, a little at a time. Cut short, it is gone on with.

    Args:
        tenant: the tenant's short name; without it every tenant.
        dry_run: only count what would go.
    """
    async with database() as db:
        for row in await _those(db, tenant):
            if dry_run:
                would = await retention.preview(db, row["id"])
                say(f"{row['slug']}: {_counted(would)} would go")
                continue
            done = await retention.purge(db, row["id"], progress=_remarks(row["slug"]))
            say(f"{row['slug']}: {_counted(done)} gone")


async def _those(db: Database, tenant: str | None) -> list[Any]:
    async with db.bus() as bus:
        if tenant is not None:
            return [await tenants.find(bus, tenant)]
        return await tenants.everyone(bus)


def _remarks(slug: str) -> retention.Progress:
    said = monotonic()

    def progress(done: Purged) -> None:
        nonlocal said
        if monotonic() - said > EVERY:
            said = monotonic()
            remark(f"{slug}: {_counted(done)} so far")

    return progress


def _counted(purged: Purged) -> str:
    return f"{purged.notifications} notifications and {purged.events} events"
