"""`migrate`: bring the database to this version."""

from dataclasses import replace

from cyclopts import App

from campana.commands.output import remark, say
from campana.commands.place import settings_for_command
from campana.doctor import walls
from campana.installation import Place, reached, ready
from campana.migrate import MigrationReport
from campana.migrate import migrate as apply_missing

app = App(name="migrate")


@app.default
async def migrate() -> None:
    """Bring the database to this version; safe to run at any time.

    Applies the chapters of the schema that are missing, replaces functions and rights, makes the
    database roles. `serve` does the same when it starts; rights that somebody took since are given
    again here only, since every table is locked for a moment.
    """
    settings = settings_for_command()
    async with reached(settings) as place:
        names = settings.role_names()
        report = await apply_missing(place.dsn, names)
        if not report.functions and await walls.are_damaged(place.dsn, report.roles):
            again = await apply_missing(place.dsn, names, force=True)
            report = replace(again, applied=report.applied)
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
