"""All commands but `serve`, which main.py adds: only it knows the web."""

from cyclopts import App, Parameter

from campana import VERSION
from campana.commands import (
    demo,
    doctor,
    dsn,
    epoch,
    issuer,
    key,
    migrate,
    publish,
    purge,
    sql,
    tenant,
    types,
    user,
)

NOUNS = (migrate, demo, dsn, sql, doctor, tenant, user, key, issuer, types, publish, purge, epoch)


def all_commands() -> App:
    """Every command of these files, under the name main.py."""
    app = App(
        name="main.py",
        help="Campana, a real-time notification centre. Settings come from the environment.",
        version=VERSION,
        help_format="markdown",
        default_parameter=Parameter(negative=()),
    )
    for place, noun in enumerate(NOUNS, start=1):
        noun.app.sort_key = place
        app.command(noun.app)
    return app
