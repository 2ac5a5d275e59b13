"""What publishing costs: by SQL against a plain insert, and by HTTP one by one and in arrays."""

import asyncio
import re
import time
from pathlib import Path

from bench import payload
from bench.campana import DATA, KEY, SQL, Campana
from bench.post import Connection, request
from bench.process import MissingError, run

CLIENTS = 8
HTTP_CONNECTIONS = 16
ARRAY = 500
RULE = '["role", "ADMIN"]'


async def by_sql(campana: Campana, seconds: float) -> dict[str, float]:
    """pgbench, 8 clients: transactions/s of a plain insert and of publish_event()."""
    await campana.prepare("same_shape")
    insert = await pgbench(campana, "pgbench_insert", seconds)
    publish = await pgbench(campana, "pgbench_publish", seconds)
    return {"insert": insert, "publish": publish, "share": publish / insert}


async def pgbench(campana: Campana, script: str, seconds: float) -> float:
    """Transactions per second of bench/sql/<script>.sql: a sale, told to one administrator."""
    program = campana.database.bin_dir / "pgbench"
    if not program.exists():
        raise MissingError("pgbench is not beside the database's programs")
    dsn = campana.database.dsn if script == "pgbench_insert" else campana.publisher_dsn
    values = {
        "type": "sale:created",
        "audience": "role:ADMIN",
        "rule": RULE,
        "title": payload.title(0, 0),
        "message": payload.MESSAGE,
        "data": DATA,
    }
    argv: list[str | Path] = [program, "-n", "-M", "prepared", "-j", "2", "-c", str(CLIENTS)]
    argv += ["-T", str(max(1, round(seconds))), "-f", SQL / f"{script}.sql"]
    argv += [f"-D{name}={value}" for name, value in values.items()]
    out = await run([*argv, dsn], timeout=seconds + 60)
    found = re.search(r"tps = ([\d.]+)", out)
    if not found or re.search(r"number of failed transactions: [1-9]", out):
        raise MissingError(f"pgbench: {out[-300:]}")
    return float(found[1])


async def by_http(campana: Campana, seconds: float) -> dict[str, float]:
    """Events/s one by one on 16 connections, and in arrays of 500 on two."""
    return {
        "one_by_one": await closed_loop(campana, HTTP_CONNECTIONS, 1, seconds),
        "arrays": await closed_loop(campana, 2, ARRAY, seconds),
    }


async def closed_loop(campana: Campana, connections: int, size: int, seconds: float) -> float:
    """Each connection posts again as soon as it is answered."""
    deadline = time.monotonic() + seconds

    async def client(place: int) -> int:
        connection, sent = await Connection.to(campana.port), 0
        while time.monotonic() < deadline:
            await connection.post([events_request(campana, place, sent, size)])
            sent += size
        connection.close()
        return sent

    start = time.monotonic()
    sent = sum(await asyncio.gather(*map(client, range(connections))))
    elapsed = time.monotonic() - start
    await campana.dispatched()
    return sent / elapsed


def events_request(campana: Campana, place: int, number: int, size: int) -> bytes:
    """One POST of one event, or of an array; recipients take turns."""
    events = [
        {
            "type": payload.TYPE,
            "audience": f"user:{campana.person(place * 61 + number + at)}",
            "title": payload.title(number + at),
            "message": payload.MESSAGE,
            "data": payload.DATA,
            "url": "/pedidos/1742",
        }
        for at in range(size)
    ]
    body = payload.encode(events if size > 1 else events[0])
    return request("/api/events", body, "Content-Type: application/json", f"X-API-Key: {KEY}")
