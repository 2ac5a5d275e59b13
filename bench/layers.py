"""What preferences cost the fan-out: `campana.fan_out()` by itself, no dispatcher beside it.

By turns on two tenants of 1,000 people: `plain`, where nobody has said anything, and `layered`,
where each role says something of every type and three in ten people have chosen of every type; and
on the first with a `fan_out()` that asks nobody what they prefer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from bench.campana import Campana, statement
from bench.preferences import TYPES, found
from campana.db import Database, Tx
from campana.migrate import installed_roles

PEOPLE = 1000
WARM_UP = 3
WORDS = {"": {"title": "Venta 7", "message": "Marta · $12.50"}}
LOADS = {
    "many": ["all"] * 10,
    # a second of a busy business
    "mixed": ["all", *["role:SALES"] * 3, *["user:u{person:05d}@{tenant}.bench"] * 16],
    "one": ["user:u{person:05d}@{tenant}.bench"],
}
"""What is published in each round: audiences."""


class Way(NamedTuple):
    """A tenant, and in which schema the fan_out() is that serves it."""

    tenant: str
    schema: str


WAYS = {
    "unasked": Way("plain", "campana_bench"),
    "plain": Way("plain", "campana"),
    "layered": Way("layered", "campana"),
}


async def play(campana: Campana, rounds: int) -> dict[str, dict[str, float]]:
    """load → milliseconds of each way (median), and `layered` in multiples of the other two."""
    await found(campana, "plain", PEOPLE, chosen_by=0, of_types=0)
    await found(campana, "layered", PEOPLE, chosen_by=30, of_types=TYPES)
    await campana.prepare("roles_say")
    await campana.prepare("unasked")
    roles = await installed_roles(campana.database.dsn)
    assert roles
    async with (
        await Database.open(campana.database.dsn, roles, pool_size=1) as db,
        db.bus() as bus,
    ):
        return {name: await _measure(bus, LOADS[name], rounds) for name in LOADS}


async def _measure(bus: Tx, audiences: list[str], rounds: int) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    tenants = {row["slug"]: row["id"] for row in await bus.fetch(statement("bench_tenants"))}
    for number in range(WARM_UP + rounds):
        for place in range(len(WAYS)):  # everybody begins in turn
            name = list(WAYS)[(number + place) % len(WAYS)]
            way, person = WAYS[name], number * 61
            asked = [
                one.format(tenant=way.tenant, person=1 + (person + at) % PEOPLE)
                for at, one in enumerate(audiences)
            ]
            took[name].append(await _once(bus, way, tenants, asked))
    return _compared({name: values[WARM_UP:] for name, values in took.items()})


async def _once(bus: Tx, way: Way, tenants: Mapping[str, UUID], audiences: list[str]) -> float:
    """Milliseconds of one fan_out()."""
    await bus.fetch(statement("publish_to"), way.tenant, audiences)
    tenant_id, holder = tenants[way.tenant], uuid4()
    ids = [row["id"] for row in await bus.fetch(statement("take_turn"), tenant_id, holder)]
    sql = statement("fan_out").replace("campana.fan_out", f"{way.schema}.fan_out")
    async with bus.transaction():
        start = time.monotonic_ns()
        await bus.fetch(sql, holder, tenant_id, ids, [WORDS] * len(ids))
        return (time.monotonic_ns() - start) / 1e6


def _compared(took: Mapping[str, list[float]]) -> dict[str, Any]:
    """Ratios are medians of each round's ratio: what the machine did then met both."""
    middle = {name: median(values) for name, values in took.items()}
    for other in ("plain", "unasked"):
        pairs = zip(took["layered"], took[other], strict=True)
        middle[f"layered/{other}"] = median(mine / theirs for mine, theirs in pairs)
    return middle
