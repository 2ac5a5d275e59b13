"""`migrate`: bring the database to this version."""

from cyclopts import App

from campana.commands.output import remark, say
from campana.commands.place import settings_for_command
from campana.installation import Place, reached, ready
from campana.migrate import MigrationReport
from campana.migrate import migrate as apply_missing

app = App(name="migrate")


@app.default
async def migrate() -> None:
    """Bring the database to this version; safe to run at any time.

    Applies the chapters of the schema that are missing, replaces functions and rights, makes the
    database roles. `serve` does the same when it starts.
    """
    settings = settings_for_command()
    async with reached(settings) as place:
        report = await apply_missing(place.dsn, settings.role_names())
        await (await ready(place.dsn, settings)).close()  # the built-in event types, too
        _tell(place, report)


def _tell(place: Place, report: MigrationReport) -> None:
    version = f"{report.server_version // 10000}.{report.server_version % 10000}"
    say(f"PostgreSQL {version}, {'embedded' if place.server else 'from DATABASE_URL'}")
    say(f"applied: {', '.join(report.applied) or 'nothing, all chapters were there'}")
    say(f"functions and rights: {'replaced' if report.functions else 'as they should be'}")
    if report.roles.one_role:
        say(f"roles: one, {report.roles.web}")
        remark(
            f"the login {report.roles.web} plays all parts, since it may not create roles: tenants"
            " are kept apart by row-level security alone; main.py doctor says how to better that"
        )
    else:
        say(f"roles: {', '.join(report.roles.names)}")
