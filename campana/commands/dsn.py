"""`dsn`: the connection string with which programs publish."""

from cyclopts import App

from campana.commands.output import remark, say
from campana.commands.place import settings_for_command
from campana.commands.publisher import publisher_dsn
from campana.installation import reached

app = App(name="dsn")


@app.default
async def dsn(*, owner: bool = False) -> None:
    """Print a connection string that may publish and nothing else.

    For example: psql "$(python main.py dsn)". The embedded server lives as long as a process
    uses it, such as `serve`; with DATABASE_URL set CAMPANA_PUBLISHER_PASSWORD too.

    Args:
        owner: that of the owner of all tables instead, for backups and administration.
    """
    async with reached(settings_for_command()) as place:
        printed = place.dsn if owner else await publisher_dsn(place)
    if place.server and not place.server.answers():
        remark("nobody else uses the embedded server, so it stopped again: start main.py serve")
    say(printed)
