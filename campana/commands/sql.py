"""`sql`: one statement, for people without psql."""

from typing import TYPE_CHECKING

import asyncpg
import orjson
from cyclopts import App

from campana.commands.failures import CommandError
from campana.commands.output import say, say_json, say_table
from campana.commands.place import settings_for_command
from campana.commands.publisher import publisher_dsn
from campana.installation import reached

if TYPE_CHECKING:
    from asyncpg.prepared_stmt import PreparedStatement

    Connection = asyncpg.Connection[asyncpg.Record]

app = App(name="sql")


@app.default
async def sql(statement: str, /, *, json: bool = False) -> None:
    """Run one SQL statement as the login that publishes.

    For example: main.py sql "select publish_event(tenant => 'tienda', type => 'sale:created',
    audience => 'role:ADMIN')".

    Args:
        statement: the SQL; without the semicolon or with it.
        json: print rows as JSON, not as a table.
    """
    async with reached(settings_for_command()) as place:
        connection = await asyncpg.connect(await publisher_dsn(place), statement_cache_size=0)
        try:
            await _run(connection, statement, json)
        finally:
            await connection.close()


async def _run(connection: "Connection", statement: str, as_json: bool) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=str, decoder=orjson.loads
        )
    prepared = await _prepared(connection, statement)
    columns = [attribute.name for attribute in prepared.get_attributes()]
    try:
        rows = await prepared.fetch()
    except (OverflowError, ValueError) as error:  # PostgreSQL's calendar is longer than Python's
        raise CommandError(f"a value cannot be shown ({error}): cast it, as in x::text") from None
    if as_json:
        say_json([dict(row) for row in rows])
    elif columns:
        say_table(columns, [list(row.values()) for row in rows])
    else:
        say(prepared.get_statusmsg() or "there was nothing to run")


async def _prepared(
    connection: "Connection", statement: str
) -> "PreparedStatement[asyncpg.Record]":
    try:
        return await connection.prepare(statement)
    except asyncpg.PostgresSyntaxError as error:
        if "multiple commands" in str(error):
            raise CommandError("one statement at a time, please") from None
        raise
