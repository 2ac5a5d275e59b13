"""Any database from PostgreSQL 15 on reaches the same schema, with the rights its login has."""

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import structlog

from campana import migrate as migrating
from campana.cluster import Server
from campana.embedded import held
from campana.migrate import MigrationError, RoleNames, Roles, installed_roles, migrate
from campana.queries import SQL
from tests.places import new_home, postgresql_15

CHAPTERS = sorted(path.name for path in (SQL / "migrations").glob("*.sql"))
PARTS = ("web", "bus", "auth", "publisher")
PASSWORD = "a password of tests"
MIGRATE = """
import asyncio, sys
from campana import log
from campana.migrate import migrate
log.configure("error")
print(",".join(asyncio.run(migrate(sys.argv[1])).applied))
"""
numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Both ends of what is supported. Every statement is logged, to look for passwords."""
    programs = postgresql_15() if request.param == "15" else None
    with (
        new_home() as home,
        held(home, programs, {"log_statement": "all", "fsync": "off"}) as server,
    ):
        yield server


@dataclass(frozen=True)
class Place:
    """A fresh database, and role names nobody else in the cluster uses."""

    server: Server
    database: str
    names: RoleNames

    def dsn(self, user: str | None = None) -> str:
        if user:
            return self.server.dsn_for(user, PASSWORD, self.database)
        return self.server.dsn_for("campana", self.server.secret("password"), self.database)

    async def run(self, sql: str, user: str | None = None) -> list[asyncpg.Record]:
        async with connected(self.dsn(user)) as connection:
            return await connection.fetch(sql)

    async def login(self, rights: str, *, owns: bool = True) -> str:
        """A new login; `rights` as in CREATE ROLE. Normally it owns the database."""
        name = f"login_{next(numbers)}"
        await self.run(f"create role {name} login password '{PASSWORD}' {rights}")
        if owns:
            await self.run(f"alter database {self.database} owner to {name}")
        return name


@contextlib.asynccontextmanager
async def connected(
    dsn: str, **settings: str
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def place(server: Server) -> Place:
    return await new_place(server)


async def new_place(server: Server) -> Place:
    number = next(numbers)
    names = RoleNames(*[f"{part}_{number}" for part in PARTS])
    async with connected(server.dsn) as connection:
        await connection.execute(f"create database place_{number}")
    return Place(server, f"place_{number}", names)


@pytest.fixture
def chapters(tmp_path: Path) -> Path:
    """A small schema of our own, to change at will."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "functions").mkdir()
    (tmp_path / "migrations" / "0001_first.sql").write_text("create table campana.first ();")
    (tmp_path / "functions" / "one.sql").write_text(
        "create or replace function campana.one() returns integer language sql return 1;"
    )
    return tmp_path


def write(folder: Path, name: str, sql: str) -> None:
    (folder / "migrations" / name).write_text(sql)


async def test_an_empty_database_gets_everything_in_order(place: Place) -> None:
    report = await migrate(place.dsn(), place.names)
    assert report.applied == CHAPTERS
    assert report.functions
    assert report.server_version >= 150000
    assert report.roles == Roles(*[str(getattr(place.names, part)) for part in PARTS])
    assert await installed_roles(place.dsn()) == report.roles
    ledger = await place.run("select name from campana.migration order by applied_at, name")
    assert [row["name"] for row in ledger] == [*CHAPTERS, "functions"]


async def test_the_usual_names_are_used_unless_others_are_given(place: Place) -> None:
    assert (await migrate(place.dsn())).roles == Roles(*[f"campana_{part}" for part in PARTS])


async def test_a_second_time_changes_nothing(place: Place) -> None:
    await migrate(place.dsn(), place.names)
    again = await migrate(place.dsn(), place.names)
    assert (again.applied, again.functions) == ([], False)
    assert (await migrate(place.dsn(), place.names, force=True)).functions


async def test_three_processes_at_once_apply_each_chapter_once(place: Place) -> None:
    command, pipe = [sys.executable, "-c", MIGRATE, place.dsn()], asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=pipe, cwd=SQL.parent)
        for _ in range(3)
    ]
    said = [(await process.communicate())[0].decode().strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(",".join(filter(None, said)).split(",")) == CHAPTERS


async def test_databases_of_one_cluster_may_make_their_roles_at_once(server: Server) -> None:
    places = [await new_place(server) for _ in range(4)]
    shared = places[0].names
    reports = await asyncio.gather(*[migrate(place.dsn(), shared) for place in places])
    assert [report.applied for report in reports] == [CHAPTERS] * 4
    assert len({report.roles for report in reports}) == 1


async def test_a_login_that_may_create_roles_needs_no_administrator(place: Place) -> None:
    login = await place.login("createrole")
    report = await migrate(place.dsn(login), place.names)
    assert not report.roles.one_role
    for role in (report.roles.web, report.roles.bus):
        async with connected(place.dsn(login), role=role) as connection:
            assert await connection.fetchval("select current_user") == role
            await connection.execute("reset role")
            assert await connection.fetchval("select current_user") == role
    owners = await place.run(
        "select distinct proowner::regrole::text from pg_proc"
        " where prosecdef and pronamespace = 'campana'::regnamespace"
    )
    assert [row[0] for row in owners] == [report.roles.auth]
    assert (await migrate(place.dsn(login), place.names, force=True)).functions


async def test_a_login_without_that_right_uses_the_roles_it_was_granted(place: Place) -> None:
    login = await place.login("")
    for part in PARTS:
        await place.run(f"create role {getattr(place.names, part)} nologin")
        await place.run(f"grant {getattr(place.names, part)} to {login}")
    report = await migrate(place.dsn(login), place.names)
    assert report.roles == Roles(*[str(getattr(place.names, part)) for part in PARTS])
    assert (await migrate(place.dsn(login), place.names, force=True)).functions


async def test_roles_asked_for_but_not_granted_are_an_error(place: Place) -> None:
    login = await place.login("")
    with pytest.raises(MigrationError, match=f'grant {place.names.web}, .* to "{login}"'):
        await migrate(place.dsn(login), place.names)


async def test_a_login_with_no_rights_over_roles_plays_all_parts_and_says_so(place: Place) -> None:
    login = await place.login("")
    with structlog.testing.capture_logs() as lines:
        report = await migrate(place.dsn(login))
    assert report.roles == Roles(login, login, login, login, one_role=True)
    assert [line["login"] for line in lines if line["event"] == "migrate.one_role"] == [login]
    again = await migrate(place.dsn(login))
    assert (again.applied, again.functions) == ([], False)
    open_to_all = await place.run("select polname from pg_policy where polqual is null")
    assert open_to_all == []


async def test_rights_given_later_are_used(place: Place) -> None:
    login = await place.login("")
    assert (await migrate(place.dsn(login))).roles.one_role
    await place.run(f"alter role {login} createrole")
    report = await migrate(place.dsn(login), place.names)
    assert report.functions
    assert await installed_roles(place.dsn()) == report.roles
    policies = await place.run("select distinct unnest(polroles)::regrole::text from pg_policy")
    assert login not in [row[0] for row in policies]


async def test_roles_made_again_get_their_rights_again(place: Place) -> None:
    await migrate(place.dsn(), place.names)
    await place.run(f"drop owned by {place.names.web}")
    await place.run(f"drop role {place.names.web}")
    assert (await migrate(place.dsn(), place.names)).functions


async def test_a_login_that_owns_nothing_is_told_what_an_administrator_has_to_run(
    place: Place,
) -> None:
    login = await place.login("", owns=False)
    with pytest.raises(MigrationError, match="create schema campana authorization <login>") as told:
        await migrate(place.dsn(login))
    advice = str(told.value).split("run as an administrator in it: ")[1].replace("<login>", login)
    for statement in advice.split(";"):
        await place.run(statement)
    assert (await migrate(place.dsn(login))).applied == CHAPTERS


async def test_the_publisher_signs_in_with_its_password_and_no_log_has_it(place: Place) -> None:
    secret = f"s3cret'{next(numbers)}"
    names = RoleNames(*[getattr(place.names, part) for part in PARTS], publisher_password=secret)
    await migrate(place.dsn(), names)
    dsn = place.server.dsn_for(str(names.publisher), secret, place.database)
    async with connected(dsn) as connection:
        assert await connection.fetchval("select current_user") == names.publisher
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from campana.event")
    assert "alter role" in place.server.log_file.read_text()
    assert secret not in place.server.log_file.read_text()
    assert secret not in repr(names)


async def test_a_new_chapter_is_applied_alone(place: Place, chapters: Path) -> None:
    await migrate(place.dsn(), place.names, folder=chapters)
    write(chapters, "0002_second.sql", "create table campana.second ();")
    report = await migrate(place.dsn(), place.names, folder=chapters)
    assert (report.applied, report.functions) == (["0002_second.sql"], False)


async def test_a_changed_function_is_replaced(place: Place, chapters: Path) -> None:
    await migrate(place.dsn(), place.names, folder=chapters)
    one = chapters / "functions" / "one.sql"
    one.write_text(one.read_text().replace("return 1", "return 2"))
    assert (await migrate(place.dsn(), place.names, folder=chapters)).functions
    assert (await place.run("select campana.one()"))[0][0] == 2


async def test_an_applied_chapter_must_not_change(place: Place, chapters: Path) -> None:
    await migrate(place.dsn(), place.names, folder=chapters)
    write(chapters, "0001_first.sql", "create table campana.first (id integer);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was changed after"):
        await migrate(place.dsn(), place.names, folder=chapters)


async def test_line_endings_do_not_count_as_a_change(place: Place, chapters: Path) -> None:
    write(chapters, "0002_second.sql", "create table\ncampana.second ();\n")
    await migrate(place.dsn(), place.names, folder=chapters)
    path = chapters / "migrations" / "0002_second.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert (await migrate(place.dsn(), place.names, folder=chapters)).applied == []


async def test_a_program_older_than_the_database_is_refused(place: Place, chapters: Path) -> None:
    write(chapters, "0002_second.sql", "create table campana.second ();")
    await migrate(place.dsn(), place.names, folder=chapters)
    (chapters / "migrations" / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"newer than this program: it has 0002_second\.sql"):
        await migrate(place.dsn(), place.names, folder=chapters)


async def test_a_broken_chapter_is_named_with_its_line_and_leaves_nothing(
    place: Place, chapters: Path
) -> None:
    write(chapters, "0002_second.sql", "create table campana.second ();\nselect nonsense;")
    with pytest.raises(MigrationError, match=r"0002_second\.sql, line 2: .*nonsense"):
        await migrate(place.dsn(), place.names, folder=chapters)
    tables = await place.run("select tablename from pg_tables where schemaname = 'campana'")
    assert {"first", "migration"} <= {row[0] for row in tables}
    assert "second" not in {row[0] for row in tables}
    write(chapters, "0002_second.sql", "create table campana.second ();")
    assert (await migrate(place.dsn(), place.names, folder=chapters)).applied == ["0002_second.sql"]


@pytest.mark.parametrize("name", ["0001_again.sql", "2_short.sql", "0002-dash.sql"])
async def test_chapters_without_an_order_are_refused(
    place: Place, chapters: Path, name: str
) -> None:
    write(chapters, name, "")
    with pytest.raises(MigrationError, match=r"NNNN_name\.sql, each number once"):
        await migrate(place.dsn(), place.names, folder=chapters)


async def test_an_old_server_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "OLDEST", 990000)
    with pytest.raises(MigrationError, match=r"PostgreSQL 1\d is too old"):
        await migrate(place.dsn(), place.names)


async def test_a_database_never_migrated_has_no_roles(place: Place) -> None:
    assert await installed_roles(place.dsn()) is None


def test_sql_is_read_for_the_roles_in_use() -> None:
    roles = Roles("web-1", 'b"us', "campana_auth", "user", one_role=True)
    sql = "grant campana_web, campana_bus to campana_auth, campana_publisher; -- campana_website"
    assert roles.substitute(sql) == (
        'grant "web-1", "b""us" to campana_auth, "user"; -- campana_website'
    )
    assert roles.substitute("current_user = 'campana_publisher'") == "current_user = 'user'"
    assert roles.substitute('"campana_bus"') == '"b""us"'
    assert roles.substitute("if /*one_role*/false then") == "if true then"
    plain = Roles(*[f"campana_{part}" for part in PARTS])
    assert plain.substitute(sql + "/*one_role*/false") == sql + "/*one_role*/false"
