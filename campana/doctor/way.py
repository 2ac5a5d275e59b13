"""The way to the database: does what Campana needs arrive there, and come back?

A pooler that lends backends by the transaction loses LISTEN, prepared statements and roles
without a word, so everything is tried, not asked for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import asyncpg

from campana.db import Database
from campana.doctor.finding import Finding, fail, ok, warn
from campana.doctor.patient import Connection, Patient, words
from campana.queries import queries

HEARD_WITHIN = 3.0
ROUNDS = 5  # which idle backend a pooler takes next is its own affair
DIRECT = "let DATABASE_URL lead to PostgreSQL itself: every process keeps a pool of its own"


async def pooler(patient: Patient) -> Finding:
    """Hold the backend that served us last, and see whether another one serves us next.

    Behind a pool of one there is no other: then waiting in vain is the sign. Behind one that lends
    by the statement no transaction can be held at all.
    """
    with suppress(TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        if await _always_the_same_backend(patient):
            return ok("pooler", "none that changes backends between transactions")
    advice = f"{DIRECT}; if only LISTEN fails below, CAMPANA_LISTEN_URL is enough"
    says = "DATABASE_URL goes through a pooler that changes backends between transactions"
    return (warn if patient.settings.listen_url else fail)("pooler", says, advice)


async def prepared_statements(patient: Patient) -> Finding:
    """Every query is prepared once and then run many times."""
    try:
        async with asyncio.timeout(3 * HEARD_WITHIN), patient.one_more() as mine:
            await _run_what_was_prepared(patient, mine)
    except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        says = f"do not outlive their transaction: {words(error)}"
        advice = f"{DIRECT}; PgBouncer keeps them from 1.21 on, with max_prepared_statements"
        return fail("prepared statements", says, advice)
    return ok("prepared statements", "are kept")


async def listening(patient: Patient) -> Finding:
    """A NOTIFY on one connection is heard on another, the one that a server would listen on."""
    direct = patient.settings.listen_url is not None
    if await _is_heard(patient):
        way = " through CAMPANA_LISTEN_URL" if direct else ""
        return ok("listen", f"what one connection notifies is heard on another{way}")
    if direct:
        advice = "let CAMPANA_LISTEN_URL lead directly to the same database as DATABASE_URL"
    else:
        advice = "set CAMPANA_LISTEN_URL to a direct way to the same database, past any pooler"
    return fail("listen", "a NOTIFY is not heard by who listens: bells would ring late", advice)


async def roles_arrive(patient: Patient) -> Finding:
    """Connections start in a role of their own; a pooler may refuse that, or forget it."""
    roles = patient.known_roles
    try:
        async with await Database.open(patient.dsn, roles, pool_size=1) as db:
            wrong = await db.wrong_roles()
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        wrong = f"connections cannot start as {roles.web}: {words(error)}"
    if wrong:
        return fail("roles arrive", wrong, f"do not serve like this: {DIRECT}")
    return ok("roles arrive", f"connections start as {roles.web} and {roles.bus}, and stay so")


async def _always_the_same_backend(patient: Patient) -> bool:
    for _ in range(ROUNDS):
        before = await queries.doctor.backend(patient.connection)
        async with _held_back(patient), asyncio.timeout(HEARD_WITHIN):
            if await queries.doctor.backend(patient.connection) != before:
                return False
    return True


async def _run_what_was_prepared(patient: Patient, mine: Connection) -> None:
    for number in range(ROUNDS):
        name = f"campana_{uuid4().hex[:8]}_{number}"
        statement = await mine.prepare(queries.doctor.backend.sql, name=name)
        async with _held_back(patient), asyncio.timeout(HEARD_WITHIN):
            await statement.fetchval()


@asynccontextmanager
async def _held_back(patient: Patient) -> AsyncIterator[None]:
    """Meanwhile the backend that served us last serves somebody else."""
    async with patient.one_more() as other, other.transaction():
        await queries.doctor.backend(other)
        yield


async def _is_heard(patient: Patient) -> bool:
    heard, channel = asyncio.Event(), f"campana_probe_{uuid4().hex[:12]}"
    async with patient.one_more(patient.settings.listen_url) as listener:
        await listener.add_listener(channel, lambda *_: heard.set())
        await queries.signals.notify(patient.connection, channel=channel, payload="")
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_WITHIN):
                await heard.wait()
    return heard.is_set()
