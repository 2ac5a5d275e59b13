"""The walls around a tenant: roles, row-level security, and what the publisher may not do."""

from campana.db import Database
from campana.doctor.finding import Finding, fail, ok, warn
from campana.doctor.patient import Connection, Patient, plain_connection
from campana.migrate import Roles
from campana.queries import queries

MIGRATE = "run python main.py migrate: it gives every role and table its rights again"


async def roles(patient: Patient) -> Finding:
    played = patient.known_roles
    missing = [
        row["name"]
        async for row in queries.doctor.missing_roles(patient.connection, names=played.names)
    ]
    if missing:
        return fail("roles", f"gone: {', '.join(missing)}", MIGRATE)
    if played.one_role:
        return warn(
            "roles",
            f"{played.web} plays all parts: row-level security alone keeps tenants apart",
            f"as an administrator: alter role {played.web} createrole; then {MIGRATE}",
        )
    return ok("roles", ", ".join(dict.fromkeys(played.names)))


async def rights(patient: Patient) -> Finding:
    """What `migrate` gave, somebody may have taken: then pages fail that nobody looked at yet."""
    lacking = await _lacking(patient.connection, patient.known_roles)
    if lacking:
        more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        return fail("rights", lacking[0] + more, MIGRATE)
    return ok("rights", "every role may do its part")


async def row_security(patient: Patient) -> Finding:
    """Looked up, and tried: a request without a tenant must find nobody."""
    check, played = "row security", patient.known_roles
    names = [played.web] if played.one_role else [played.web, played.publisher]
    connection = patient.connection
    rows = queries.doctor.unwalled_roles(connection, names=names)
    if above := [row["name"] async for row in rows]:
        return fail(
            check,
            f"{', '.join(above)} is above it",
            f"as an administrator: alter role {above[0]} nosuperuser nobypassrls",
        )
    if bare := [row["name"] async for row in queries.doctor.open_tables(connection)]:
        return fail(check, f"not forced on {', '.join(bare)}", MIGRATE)
    if await _sees_somebody(patient, played):
        return fail(check, "a request without a tenant sees people", f"do not serve; {MIGRATE}")
    count = await queries.doctor.guarded_tables(connection)
    return ok(check, f"forced on {count} tables; a request without a tenant finds nobody")


async def publisher(patient: Patient) -> Finding:
    check, played = "publisher", patient.known_roles
    if played.one_role or played.publisher in (played.web, played.bus, played.auth):
        return warn(check, "no role of its own", "let an administrator create campana_publisher")
    rights = await queries.doctor.publisher_rights(patient.connection, role=played.publisher)
    if not rights["may_publish"]:
        return fail(check, f"{played.publisher} may not call publish_event()", MIGRATE)
    if rights["may_look_around"]:
        advice = f"revoke all on schema campana from {played.publisher}, and from public"
        return fail(check, f"{played.publisher} may do more than publish", advice)
    return ok(check, f"{played.publisher} may publish and nothing else")


async def are_damaged(dsn: str, roles: Roles) -> bool:
    """Whether rights or walls that `migrate` gave are gone. The schema is there."""
    connection = await plain_connection(dsn)
    try:
        bare = [row async for row in queries.doctor.open_tables(connection)]
        return bool(bare or await _lacking(connection, roles))
    finally:
        await connection.close()


async def _lacking(connection: Connection, played: Roles) -> list[str]:
    rows = queries.doctor.lacking_rights(
        connection, web=played.web, bus=played.bus, auth=played.auth
    )
    return [row["says"] async for row in rows]


async def _sees_somebody(patient: Patient, played: Roles) -> bool:
    async with await Database.open(patient.dsn, played, pool_size=1) as db, db.anonymous() as web:
        return bool(await queries.doctor.sees_somebody(web))
