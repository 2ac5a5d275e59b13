"""The order of an examination: host, way to the database, schema, rights, corridor."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from campana.doctor import corridor, host, schema, server, walls, way
from campana.doctor.finding import Finding, fail
from campana.doctor.patient import Patient, plain_connection, words
from campana.errors import DATABASE_TROUBLE
from campana.hosting import EmbeddedError
from campana.installation import reached
from campana.settings import Settings

Check = Callable[[Patient], Awaitable[Finding]]

PATIENCE = 15.0  # seconds for one check
ON_ANY_DATABASE: Sequence[Check] = (
    server.version,
    server.durability,
    server.clock,
    server.room,
    way.pooler,
    way.prepared_statements,
    way.listening,
    server.notify_queue,
)
ON_OUR_SCHEMA: Sequence[Check] = (
    way.roles_arrive,
    walls.roles,
    walls.rights,
    walls.row_security,
    walls.publisher,
    corridor.queue,
)


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in a sensible order of reading. Starts or adopts the embedded server."""
    findings = [host.open_files(), *host.second_bus(settings)]
    try:
        async with _admitted(settings) as patient:
            findings.append(await server.answers(patient))
            findings += [await _guarded(check, patient) for check in ON_ANY_DATABASE]
            findings.append(await _guarded(schema.chapters, patient))
            if patient.roles:
                findings += [await _guarded(check, patient) for check in ON_OUR_SCHEMA]
    except EmbeddedError as error:
        findings.append(fail("database", "the embedded PostgreSQL does not run", str(error)))
    except DATABASE_TROUBLE as error:
        findings.append(server.silent(settings, error))
    return findings


@asynccontextmanager
async def _admitted(settings: Settings) -> AsyncIterator[Patient]:
    async with reached(settings) as place:
        connection = await plain_connection(place.dsn)
        try:
            yield Patient(settings, place.dsn, connection)
        finally:
            connection.terminate()


async def _guarded(check: Check, patient: Patient) -> Finding:
    """A check that cannot be made is a finding, and no reason to leave out the others."""
    name = check.__name__.replace("_", " ")
    try:
        async with asyncio.timeout(PATIENCE):
            return await check(patient)
    except DATABASE_TROUBLE as error:
        return fail(name, f"could not be examined: {words(error)}", "mend what is wrong above")
