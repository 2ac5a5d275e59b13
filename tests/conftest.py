"""One real PostgreSQL per run, one database per test: cloned from a template, dropped afterwards.

`CAMPANA_TEST_SERVER_BIN` chooses other server programs, such as /usr/lib/postgresql/15/bin.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck
from hypothesis import settings as examples

from campana import cluster, demo, embedded, installation, sessions, wheel
from campana.administration.roles import change as change_role
from campana.corridor import Corridor
from campana.db import Database
from campana.migrate import Roles, installed_roles
from campana.settings import Settings
from campana.users import Person
from handlers.application import application
from handlers.session_storage import COOKIE
from tests import cast as casting
from tests.cast import Cast, Member
from tests.places import new_home

# Nothing a test does has to survive a power cut.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
}
MEMORY = Path("/dev/shm")  # cloning a database is ten times faster there
MEMORY_NEEDED = 2 * 1024**3
OURS = ("HOST", "PORT", "DATABASE_URL", "REDIS_URL")
KEPT = ("CAMPANA_TEST_", "CAMPANA_PG_BIN")
EMPTY, FULL = "campana_empty", "campana_full"
numbers = itertools.count(1)

# The same examples in every run, or whoever changes something else would meet what chance found;
# CAMPANA_TEST_CHANCE=on looks for others. On a busy machine to draw them may take long.
examples.register_profile(
    "campana",
    derandomize=os.environ.get("CAMPANA_TEST_CHANCE") != "on",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
examples.load_profile("campana")

Browser = TestClient[web.Request, web.Application]
SignIn = Callable[..., Awaitable[Browser]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore::aiohttp.web.NotAppKeyWarning")


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """Tests run with our defaults, whatever the environment says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in OURS or (name.startswith("CAMPANA_") and not name.startswith(KEPT)):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[cluster.Server]:
    """The PostgreSQL of this run."""
    chosen = os.environ.get("CAMPANA_TEST_SERVER_BIN")
    with _home() as home, embedded.held(home, chosen and Path(chosen), FAST) as server:
        yield server


@pytest.fixture(scope="session")
def cast(server: cluster.Server) -> Cast:
    """The people of every test; asking for them makes the templates."""
    return asyncio.run(_make_templates(server))


@pytest.fixture(scope="session")
def roles(server: cluster.Server, cast: Cast) -> Roles:
    found = asyncio.run(installed_roles(_dsn(server, FULL)))
    assert found is not None
    return found


@pytest.fixture
async def dsn(server: cluster.Server, cast: Cast) -> AsyncIterator[str]:
    """The owner's connection string to this test's own database, with demo data and the cast."""
    async for dsn in _clone(server, FULL):
        yield dsn


@pytest.fixture
async def empty_dsn(server: cluster.Server, cast: Cast) -> AsyncIterator[str]:
    """As `dsn`, of a database that is migrated and where nobody lives yet."""
    async for dsn in _clone(server, EMPTY):
        yield dsn


@pytest.fixture
async def db(dsn: str, roles: Roles) -> AsyncIterator[Database]:
    async with await Database.open(dsn, roles, pool_size=5) as db:
        yield db


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Any]:
    """A connection that may look at and change everything, for asserting."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def settings(dsn: str, request: pytest.FixtureRequest) -> Settings:
    """Demo mode on this test's database, changed by `@pytest.mark.settings(name=value, …)`."""
    marks = list(request.node.iter_markers("settings"))
    return _settings(dsn, **{name: value for mark in marks for name, value in mark.kwargs.items()})


@pytest.fixture
def ana(cast: Cast) -> Person:
    """Administers norte."""
    return casting.person(cast.ana_admin)


@pytest.fixture
def luis(cast: Cast) -> Person:
    """Works at norte, and sells."""
    return casting.person(cast.luis_colleague)


@pytest.fixture
def rosa(cast: Cast) -> Person:
    """Works at norte too."""
    return casting.person(cast.rosa_colleague)


@pytest.fixture
def eva(cast: Cast) -> Person:
    """Administers sur."""
    return casting.person(cast.eva_stranger)


@pytest.fixture
def let_administer(db: Database, ana: Person) -> Callable[..., Awaitable[None]]:
    """`await let_administer(role, may=…)`: Ana changes what a role may do."""

    async def let(role: str, *, may: bool) -> None:
        await change_role(db, ana, role, administers=may, was={"administers": not may})

    return let


@pytest.fixture
def without_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for before the corridor starts: what happens all the same was hinted at."""
    monkeypatch.setattr(wheel, "SWEEP_EVERY", 600)


@pytest.fixture
async def corridor(db: Database, settings: Settings) -> AsyncIterator[Corridor]:
    """Dispatcher, listener and hub, running."""
    corridor = Corridor(db, settings)
    async with corridor.running():
        yield corridor


@pytest.fixture
def app(db: Database, settings: Settings) -> web.Application:
    """The web application; its corridor stands still, ask for `live_app` if it should run."""
    return application(settings, db, Corridor(db, settings))


@pytest.fixture
def live_app(db: Database, settings: Settings, corridor: Corridor) -> web.Application:
    """The web application with everything running."""
    return application(settings, db, corridor)


@pytest.fixture
async def client(request: pytest.FixtureRequest, db: Database) -> AsyncIterator[SignIn]:
    """`await client()` is a new browser, `await client(cast.ana_admin)` one that is signed in.

    It speaks to `live_app` when the test asks for that, else to `app`, on a real port; unsafe
    requests carry the Origin that a browser would send.
    """
    name = "live_app" if "live_app" in request.fixturenames else "app"
    server = TestServer(request.getfixturevalue(name))
    await server.start_server()
    browsers: list[Browser] = []

    async def open_browser(member: Member | None = None, **headers: str) -> Browser:
        headers.setdefault("Origin", f"http://{server.host}:{server.port}")
        browser = TestClient(server, cookie_jar=CookieJar(unsafe=True), headers=headers)
        browsers.append(browser)
        if member is not None:
            browser.session.cookie_jar.update_cookies({COOKIE: await signed_in(db, member)})
        return browser

    yield open_browser
    for browser in browsers:
        await browser.session.close()
    await server.close()


async def signed_in(db: Database, member: Member) -> str:
    """A session's token, without the price of a password."""
    async with db.bus() as bus:
        version = await bus.fetchval(
            "select auth_version from campana.users where id = $1", member.id
        )
    account = sessions.Account(member.tenant_id, member.id, version)
    data = {"user": str(member.id)}
    return await sessions.open_session(db, account, data, timedelta(days=30), "127.0.0.1")


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    """In memory where there is enough of it."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_NEEDED:
        with new_home() as home:
            yield home
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="campana-test-") as name:
        Path(name).chmod(0o755)  # the server's account must be able to enter
        yield Path(name)


async def _make_templates(server: cluster.Server) -> Cast:
    settings = _settings(_dsn(server, EMPTY))
    await _command(server, f"create database {EMPTY}")
    await (await installation.ready(_dsn(server, EMPTY), settings)).close()
    await _command(server, f"create database {FULL} template {EMPTY}")
    async with await installation.ready(_dsn(server, FULL), settings) as db:
        await demo.fill(db)
        cast = await casting.enter(db)
    # A slow machine is slow, and no test is about that.
    await _command(server, casting.NO_ALERTS, FULL)
    return cast


async def _clone(server: cluster.Server, template: str) -> AsyncIterator[str]:
    name = f"campana_test_{next(numbers)}"
    await _command(server, f"create database {name} template {template} strategy file_copy")
    yield _dsn(server, name)
    await _command(server, f"drop database {name} with (force)")


async def _command(server: cluster.Server, command: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(_dsn(server, database))
    try:
        await connection.execute(command)
    finally:
        await connection.close()


def _dsn(server: cluster.Server, database: str) -> str:
    return server.dsn_for(cluster.OWNER, server.secret("password"), database)


def _settings(dsn: str, **changes: Any) -> Settings:
    return Settings(**{"database_url": dsn, "demo": True, "port": 0, "pool_size": 5, **changes})
