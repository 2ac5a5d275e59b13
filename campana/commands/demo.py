"""`demo`: people and businesses to try things out with."""

from cyclopts import App

from campana import demo as data
from campana.commands.output import say, say_table
from campana.commands.place import schema, settings_for_command
from campana.db import Database
from campana.installation import reached

app = App(name="demo")


@app.default
async def demo(*, people: int | None = None) -> None:
    """Fill an empty database with demo data; add people for load tests.

    Everybody has the password demo, so this is refused when HOST is not a loopback address.

    Args:
        people: add the tenant carga with so many people, u00001@carga.demo and on.
    """
    settings = settings_for_command(demo=True)
    async with reached(settings) as place:
        roles = await schema(place, made_ready=True)
        async with await Database.open(place.dsn, roles, pool_size=2) as db:
            filled = await data.fill(db)
            added = None if people is None else await data.add_people(db, people)
    if filled:
        _introduce()
    elif added is None:
        say("Somebody lives here already: nothing was changed.")
    if added is not None:
        say(f"Tenant {data.LOAD_TENANT}: {added:,} new people, key demo-{data.LOAD_TENANT}.")


def _introduce() -> None:
    say(f"Everybody's password is {data.PASSWORD}.\n")
    people = [(t.slug, p.email, p.role, t.key) for t, p in data.one_click_people()]
    say_table(["tenant", "sign in as", "role", "API key"], people)
