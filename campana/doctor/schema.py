"""Whether the schema is the one this program was written for."""

from campana.doctor.finding import Finding, fail, ok
from campana.doctor.patient import Patient
from campana.health import CHAPTERS
from campana.migrate import installed_roles
from campana.queries import queries
from campana.roles import RolesError

MIGRATE = "run python main.py migrate"


async def chapters(patient: Patient) -> Finding:
    """Also learns the roles, which the checks after this one need."""
    try:
        roles = await installed_roles(patient.dsn)
    except RolesError as error:
        return fail("schema", "this login may not look into it", str(error))
    if roles is None:
        return fail("schema", "the database was never migrated", MIGRATE)
    there = {row["name"] async for row in queries.health.applied_migrations(patient.connection)}
    there.discard("functions")
    if missing := sorted(CHAPTERS - there):
        return fail("schema", f"lacks {', '.join(missing)}", MIGRATE)
    if newer := sorted(there - CHAPTERS):
        return fail("schema", f"is newer than this program: {newer[-1]}", "update the program")
    patient.roles = roles
    return ok("schema", f"all {len(there)} chapters are there")
