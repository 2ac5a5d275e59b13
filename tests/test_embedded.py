"""The embedded server belongs to its home: shared by its users, stopped by the last, never lost."""

import asyncio
import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import structlog

from campana import cluster, embedded
from campana.embedded import EmbeddedError, held, kept_alive, running
from tests.places import new_home, postgresql_15
from tests.waiting import eventually

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server to an account")
HOLDER = """
import sys
from pathlib import Path
from campana import log
from campana.embedded import held
log.configure()
with held(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as path:
        yield path


@contextlib.contextmanager
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another command that uses the server of this home until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(home)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path.cwd()) as process:
        try:
            yield process
        finally:
            process.kill()


def server_seen_by(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def wait_for(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_it_is_a_real_postgresql_behind_a_password(home: Path) -> None:
    async with running(home) as server:
        assert server.version.startswith("18.")
        assert (
            await ask(server.dsn, "select current_database() || current_user") == "campanacampana"
        )
        assert await ask(server.dsn, "select current_setting('fsync')") == "on"
        assert await ask(server.dsn, "select current_setting('listen_addresses')") == ""
        assert await ask(server.dsn, "select lower('ÁRBOL Ñ')") == "árbol ñ"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(server.dsn_for("campana", "guessed"), "select 1")


def test_psql_takes_the_same_address(home: Path) -> None:
    with held(home) as server:
        command = [str(server.bin_dir / "psql"), server.dsn, "-Atc", "select 1 + 1"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2\n"


async def test_data_stays_from_one_time_to_the_next(home: Path) -> None:
    async with running(home) as server:
        await ask(server.dsn, "create table kept ()")
        first = server.dsn
    async with running(home) as server:
        assert await ask(server.dsn, "select count(*) from kept") == 0
        assert server.dsn == first


def test_the_last_to_leave_stops_it(home: Path) -> None:
    with held(home) as server:
        with holder(home) as other:
            assert server_seen_by(other) == server.pid
            other.communicate()
        assert server.answers()
        with held(home) as again:
            assert again.pid == server.pid
        assert server.answers()
    assert not server.answers()


def test_whoever_is_killed_is_no_longer_counted(home: Path) -> None:
    with holder(home) as other:
        pid = server_seen_by(other)
        other.kill()
        other.wait()
    assert not is_gone(pid), "kill -9 of its user leaves the server up"
    with held(home) as server:
        assert server.pid == pid, "adopted, not started again"
    assert is_gone(pid)


def test_a_killed_server_is_started_anew(home: Path) -> None:
    with held(home) as server:
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: is_gone(first))
        with held(home) as again:
            assert again.answers()
            assert again.pid != first


async def test_who_stays_long_starts_a_killed_server_anew(home: Path) -> None:
    async with running(home) as server, kept_alive(server):

        async def is_back() -> bool:
            with contextlib.suppress(asyncpg.PostgresError, OSError):
                return server.pid != killed and await ask(
                    server.dsn, "select count(*) = 0 from kept"
                )
            return False

        await ask(server.dsn, "create table kept ()")
        for _ in range(2):
            killed = server.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            await eventually(is_back)
    assert not server.answers()


async def test_a_killed_servers_last_query_is_waited_for(home: Path) -> None:
    async with running(home) as server:
        connection = await asyncpg.connect(server.dsn)
        busy = "select count(*) from generate_series(1, 4000000) as busy"
        query = asyncio.create_task(connection.fetchval(busy))
        seen = (
            "select exists (select from pg_stat_activity"
            " where query like '%as busy' and pid <> pg_backend_pid())"
        )
        while not await ask(server.dsn, seen):
            pass
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        async with running(home) as again:
            assert await ask(again.dsn, "select 1") == 1
        assert "is still in use" in server.log_file.read_text()
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await query
        connection.terminate()


def test_a_stranger_with_the_old_process_number_is_not_mistaken_for_it(home: Path) -> None:
    with held(home) as server:
        pid_file = server.data / "postmaster.pid"
        left = pid_file.read_text()
    pid_file.write_text(left.replace(left.split()[0], str(os.getpid()), 1))
    with held(home) as server:
        assert server.answers()


def test_what_was_cut_in_the_middle_is_made_again(home: Path) -> None:
    (home / "data.1.new" / "base").mkdir(parents=True)
    with held(home) as server:
        assert server.answers()
    assert not list(home.glob("data.*.new"))


def test_many_commands_at_once_share_one_server(home: Path) -> None:
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(holder(home)) for _ in range(4)]
        assert len(pids := {server_seen_by(other) for other in others}) == 1
        for other in others:
            other.communicate()
    assert is_gone(pids.pop())


async def test_a_cancelled_start_leaves_nothing_running(home: Path) -> None:
    async def use() -> None:
        async with running(home):
            raise AssertionError("cancelled before it was ready")

    task = asyncio.create_task(use())
    await asyncio.to_thread(wait_for, lambda: bool(list(home.glob("data.*.new"))))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with held(home) as server:
        pass
    assert not server.answers()


async def test_it_restarts_under_its_users(home: Path) -> None:
    async with running(home) as server:
        connection = await asyncpg.connect(server.dsn)
        first = server.pid
        await asyncio.to_thread(server.restart, "immediate")
        assert server.pid != first
        assert await ask(server.dsn, "select 1") == 1
        await connection.close()


async def test_settings_can_be_added(home: Path) -> None:
    async with running(home, settings={"max_connections": "30"}) as server:
        assert await ask(server.dsn, "select current_setting('max_connections')") == "30"


async def test_a_path_too_long_for_a_socket_gets_a_short_private_one(home: Path) -> None:
    long = home / ("campana-" * 12) / "with spaces, a comma & 'quotes'"
    async with running(long) as server:
        assert server.socket_dir.parent == Path("/tmp")
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert await ask(server.dsn, "select 1") == 1
        await asyncio.to_thread(server.restart)
    server.socket_dir.rmdir()


def test_somebody_elses_socket_directory_is_refused(home: Path) -> None:
    long = home / ("x" * 100)
    with held(long) as server:
        pass
    server.socket_dir.chmod(0o777)
    with pytest.raises(EmbeddedError, match="not a private directory of ours"), held(long):
        pass
    server.socket_dir.rmdir()


def test_the_password_is_for_its_owner_only_and_never_logged(home: Path) -> None:
    with structlog.testing.capture_logs() as lines, held(home) as server:
        password = server.secret("password")
    assert password in server.dsn
    assert (home / "password").stat().st_mode & 0o777 == 0o600
    assert password not in repr(lines) + server.log_file.read_text() + repr(server)


def test_secrets_are_made_once(home: Path) -> None:
    with held(home) as server:
        assert server.secret("publisher") == server.secret("publisher") != server.secret("password")


def test_another_versions_data_is_refused(home: Path) -> None:
    programs = postgresql_15()
    with held(home, programs) as server:
        assert server.version.startswith("15.")
    with (
        pytest.raises(EmbeddedError, match="was made by PostgreSQL 15, the programs are 18"),
        held(home),
    ):
        pass


def test_missing_programs_are_named(home: Path) -> None:
    wrong = pytest.raises(EmbeddedError, match=r"no PostgreSQL programs in .*nowhere")
    with wrong, held(home, home / "nowhere"):
        pass


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    wrong = pytest.raises(EmbeddedError, match=r"FATAL.*postgresql\.log")
    with wrong, held(home, settings={"max_connections": "none"}):
        pass
    assert "max_connections" in (home / "log" / "postgresql.log").read_text()


def test_a_home_without_rights_is_one_clear_error(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> io.StringIO:
        raise PermissionError(13, "Permission denied", str(home / "lock"))

    monkeypatch.setattr(embedded, "_enter", refuse)
    with pytest.raises(EmbeddedError, match=f"no right to {home}/lock"), held(home):
        pass


def test_a_home_that_cannot_be_one_is_one_clear_error(home: Path) -> None:
    (home / "file").write_text("somebody's")
    for wrong in (home / "file", home / "file" / "below"):
        said = pytest.raises(EmbeddedError, match=f"{home}/file.* cannot be used .*CAMPANA_HOME")
        with said, held(wrong):
            pass
    assert (home / "file").read_text() == "somebody's"


def test_a_command_that_hangs_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.05)
    hangs = pytest.raises(EmbeddedError, match="another command keeps")
    with embedded._locked(home), hangs, held(home):
        pass


@AS_ROOT
def test_root_lends_it_to_an_account_and_gives_away_nothing_else(home: Path) -> None:
    with held(home) as server:
        assert server.account is not None
        assert server.pid is not None
        assert psutil.Process(server.pid).uids().real == server.account.pw_uid != 0
    given = {path.name for path in home.iterdir() if path.stat().st_uid != 0}
    assert given == {"data", "run"}
    assert home.stat().st_uid == 0


@AS_ROOT
def test_root_moves_it_where_the_account_can_reach_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, reachable = home / "private" / "var", home / "shared"
    (home / "private").mkdir(mode=0o700)
    monkeypatch.setattr(embedded, "SHARED_ROOT", reachable)
    with structlog.testing.capture_logs() as lines, held(hidden) as server:
        assert server.answers()
        assert server.home.parent == reachable
    assert [line["wanted"] for line in lines if line["event"] == "embedded.moved"] == [str(hidden)]
    assert (home / "private").stat().st_mode & 0o777 == 0o700


@AS_ROOT
def test_programs_out_of_the_accounts_reach_are_copied(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from campana import hosting

    monkeypatch.setattr(hosting, "SHARED_ROOT", home / "shared")
    wheel = hosting._wheel()
    monkeypatch.setattr(
        hosting, "can_enter", lambda _, directory: not directory.is_relative_to(wheel)
    )
    with held(home) as server:
        assert server.bin_dir.is_relative_to(home / "shared")
        assert server.answers()


def test_the_servers_log_does_not_grow_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOG_BYTES", 10)
    for _ in range(2):
        with held(home) as server:
            pass
    assert server.log_file.with_suffix(".log.1").exists()
