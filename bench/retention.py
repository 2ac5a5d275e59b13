"""Publishing beside a purge of a million notifications: `CAMPANA_HOME=… python -m bench.retention`.

A thousand readers with a thousand old notifications each. Prints how long a step of the purge
takes, and how long an event takes from publishing to its reader's inbox, before and beside it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from uuid import UUID

import asyncpg

from campana import installation, retention, tenants
from campana.commands.place import schema
from campana.corridor import Corridor
from campana.db import Database
from campana.queries import queries
from campana.settings import Settings

READERS = 1_000
FILL = Path(__file__).parent / "sql" / "old_notifications.sql"
PUBLISH = (
    "select publish_event(tenant => 'old', type => 'sale:created', title => 'x',"
    " audience => 'user:u00001@old.bench')"
)
ARRIVED = "select exists (select from campana.event where tenant_id = $1 and id = $2)"


async def main() -> None:
    settings = Settings()
    async with installation.reached(settings) as place:
        await (await installation.ready(place.dsn, settings)).close()
        roles = await schema(place, made_ready=False)
        async with await Database.open(place.dsn, roles) as db:
            tenant_id = await _filled(db)
            async with Corridor(db, settings).running():
                print("before:", _percentiles([await _one(db, tenant_id) for _ in range(200)]))
                await _beside(db, tenant_id)
            async with db.bus() as bus:
                print("drift:", await bus.fetchval("select campana.unread_drift(100000)"))


async def _filled(db: Database) -> UUID:
    async with db.bus() as bus, bus.transaction():
        tenant_id = await tenants.found(bus, "old", "Old", roles={"STAFF": False, "ADMIN": True})
        await queries.users.add_many(
            bus, tenant_id=tenant_id, domain="old.bench", count=READERS, password_hash="x"
        )
    connection = await asyncpg.connect(db.dsn)
    for statement in FILL.read_text().split(";\n"):
        if statement.strip():
            await connection.execute(statement)
    await connection.close()
    return tenant_id


async def _beside(db: Database, tenant_id: UUID) -> None:
    steps: list[float] = []
    last = began = monotonic()

    def note(_done: retention.Purged) -> None:
        nonlocal last
        steps.append((monotonic() - last) * 1000 / (1 + retention.SHARE))
        last = monotonic()

    purge = asyncio.create_task(retention.purge(db, tenant_id, progress=note))
    beside = []
    while not purge.done():
        beside.append(await _one(db, tenant_id))
    print(f"purge: {purge.result()} in {monotonic() - began:.1f} s")
    print("a step, about:", _percentiles(steps))
    print("beside it:", _percentiles(beside))


async def _one(db: Database, tenant_id: UUID) -> float:
    """Milliseconds from publishing to the inbox, looked for every millisecond."""
    began = monotonic()
    async with db.bus() as bus:
        event = await bus.fetchval(PUBLISH)
        while not await bus.fetchval(ARRIVED, tenant_id, event):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    took = (monotonic() - began) * 1000
    await asyncio.sleep(0.02)
    return took


def _percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    at = {name: ordered[int(len(ordered) * share)] for name, share in (("p50", 0.5), ("p99", 0.99))}
    said = " ".join(f"{name} {value:.1f}" for name, value in at.items())
    return f"{said} max {ordered[-1]:.1f} ms of {len(ordered)}"


if __name__ == "__main__":
    asyncio.run(main())
