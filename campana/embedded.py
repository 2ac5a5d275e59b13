"""A private PostgreSQL under CAMPANA_HOME, for trying, developing and testing.

Doors: `async with running(home) as server` and, for short commands, `with held(home) as server`.
The server belongs to its home: whoever comes first starts it, the last one to leave stops it.
Users are counted by shared file locks, which the kernel drops even after kill -9.
"""

import asyncio
import contextlib
import fcntl
import os
import pwd
import re
import secrets
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import quote

import structlog

from campana.programs import (
    SHARED_ROOT,
    EmbeddedError,
    can_enter,
    digest,
    is_postgres,
    programs,
    run_as,
    unprivileged_account,
)

__all__ = ["EmbeddedError", "Server", "held", "running"]

log = structlog.get_logger(__name__)
T = TypeVar("T")

PORT = 5432  # names the socket; nothing listens on the network
OWNER = DATABASE = "campana"
SOCKET_LIMIT = 107 if sys.platform == "linux" else 103  # bytes that fit in sockaddr_un
LOCK_SECONDS = 120.0
LOG_BYTES = 16 * 1024 * 1024
INITDB = (
    f"--username={OWNER} --auth=scram-sha-256 --locale=C.UTF-8 --encoding=UTF8 --data-checksums"
)
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Server:
    """An embedded server that somebody holds.

    home: where its files are (not CAMPANA_HOME when the server's account cannot reach that).
    bin_dir: PostgreSQL programs, psql and pgbench among them.
    account: the unprivileged account it runs as; None: the caller's own.
    """

    home: Path
    bin_dir: Path
    account: pwd.struct_passwd | None
    settings: Mapping[str, str]

    @property
    def version(self) -> str:
        """For example "18.6"."""
        return self._run("postgres", ["--version"]).stdout.split()[2]

    @property
    def dsn(self) -> str:
        """Connection string of the owner for asyncpg and libpq. Holds the password: never log."""
        return self.dsn_for(OWNER, self.secret("password"))

    def dsn_for(self, user: str, password: str, database: str = DATABASE) -> str:
        """The same for another login or database of this server."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@/{quote(database)}?host={quote(str(self.socket_dir))}&port={PORT}"

    def secret(self, name: str) -> str:
        """The random text kept in home/<name>, for its owner's eyes; made when missing."""
        path = self.home / name
        with contextlib.suppress(FileExistsError):
            _write_private(path, secrets.token_urlsafe(24))
        return path.read_text()

    @property
    def socket_dir(self) -> Path:
        """The socket's directory: home/run, or one under /tmp when that path does not fit."""
        path = self.home / "run"
        fits = len(os.fsencode(path / f".s.PGSQL.{PORT}")) <= SOCKET_LIMIT
        plain = re.fullmatch(r"[A-Za-z0-9_./+-]+", str(path))  # a comma would mean two directories
        return path if fits and plain else Path("/tmp") / f"campana-{digest(self.home)}"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log_file(self) -> Path:
        return self.home / "log" / "postgresql.log"

    def start(self) -> None:
        """Start it, or adopt it where it runs. Only under the home's lock."""
        self._own(self.socket_dir)
        if not self.data.exists():
            self._create()
        self._refuse_other_version()
        if self._answers():
            return
        self._drop_stale_pid_file()
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        options = dict(self.settings) | {"unix_socket_directories": str(self.socket_dir)}
        told = (f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        self._control("start", "-t", "600", "-o", " ".join(told))
        log.info("embedded.started", home=str(self.home), version=self.version)

    def stop(self, mode: str = "fast") -> None:
        """Stop it. mode: smart, fast or immediate, as in pg_ctl."""
        self._control("stop", "-m", mode)
        log.info("embedded.stopped", home=str(self.home))

    def restart(self, mode: str = "fast") -> None:
        """Stop and start it under its users, as an administrator would; connections are cut."""
        self._control("restart", "-m", mode)

    def _create(self) -> None:
        """initdb aside, then rename: whatever is cut in between leaves nothing half made."""
        unfinished, handover = self.home / "data.new", self.socket_dir / f"password.{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own(unfinished)
        _write_private(handover, self.secret("password"))
        try:
            if self.account:
                os.chown(handover, self.account.pw_uid, self.account.pw_gid)
            where = ["-D", str(unfinished)]
            self._run("initdb", [*where, f"--pwfile={handover}", *INITDB.split()])
            create = f"create database {DATABASE} owner {OWNER};\n"
            self._run("postgres", ["--single", *where, "postgres"], stdin=create)
        finally:
            handover.unlink()
        unfinished.rename(self.data)

    def _refuse_other_version(self) -> None:
        made, ours = (self.data / "PG_VERSION").read_text().strip(), self.version.split(".")[0]
        if made != ours:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made}, the programs are {ours}: set"
                " CAMPANA_PG_BIN to the old ones, or CAMPANA_HOME to a new directory"
            )

    def _answers(self) -> bool:
        """A socket that takes connections has a living server: the kernel closes it with it."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket_dir / f".s.PGSQL.{PORT}"))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
        return True

    def _drop_stale_pid_file(self) -> None:
        """PostgreSQL would not start while any process of its account has the old number."""
        path = self.data / "postmaster.pid"
        for _ in range(100):  # a starter killed midway leaves a server that will soon answer
            if not path.exists() or not is_postgres(int(path.read_text().split()[0])):
                return path.unlink(missing_ok=True)
            if self._answers():
                return None
            time.sleep(0.1)
        raise EmbeddedError(f"a PostgreSQL uses {self.data} but is not reachable: stop it first")

    def _control(self, action: str, *options: str) -> None:
        """pg_ctl; what it and the server say goes to our log file, which stays ours."""
        self.log_file.parent.mkdir(mode=0o700, exist_ok=True)
        with self.log_file.open("a") as output:
            self._run("pg_ctl", [action, "-w", *options], output)

    def _own(self, directory: Path) -> None:
        """Make a private directory and give it to the account; refuse one of somebody else."""
        uid = self.account.pw_uid if self.account else os.geteuid()
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            if self.account:
                os.chown(directory, uid, self.account.pw_gid)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
            raise EmbeddedError(f"{directory} is not a private directory of ours: remove it")

    def _run(
        self, program: str, options: Sequence[str], output: IO[str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command, environ = [str(self.bin_dir / program), *options], {"PGDATA": str(self.data)}
        done = run_as(self.account, command, environ=environ, output=output, stdin=stdin)
        if done.returncode:
            said = (done.stdout or self.log_file.read_text()[-2000:]).strip().splitlines()
            reason = next((line for line in reversed(said) if "FATAL" in line), (said or [""])[-1])
            raise EmbeddedError(f"{program} failed: {reason.strip()} (log: {self.log_file})")
        return done


@contextlib.contextmanager
def held(
    home: Path, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Use the server of this home: start or adopt it; the last one to leave stops it.

    home: CAMPANA_HOME, made when missing. bin_dir: PostgreSQL programs (default: CAMPANA_PG_BIN,
    else the wheel's). settings: added to ours if it is started here. Raises EmbeddedError.
    """
    try:
        server = _locate(home.absolute(), bin_dir, SETTINGS | dict(settings or {}))
        users = _enter(server)
    except PermissionError as error:
        raise EmbeddedError(
            f"no right to {error.filename or home}: use the account that made it, or set"
            " CAMPANA_HOME to a directory of your own"
        ) from error
    try:
        yield server
    finally:
        _leave(server, users)


@contextlib.asynccontextmanager
async def running(
    home: Path, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Server]:
    """As `held`, without blocking the loop; a cancelled start is still tidied up."""
    with_server = contextlib.ExitStack()
    try:
        yield await _in_thread(lambda: with_server.enter_context(held(home, bin_dir, settings)))
    finally:
        await _in_thread(with_server.close)


def _locate(home: Path, bin_dir: Path | None, settings: Mapping[str, str]) -> Server:
    home.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    account = unprivileged_account(home / "data")
    if not can_enter(account, home):
        if (home / "data").exists():
            raise EmbeddedError(f"{home}/data cannot be reached by its own account: open {home}")
        wanted, home = home, SHARED_ROOT / digest(home)
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not (home / "data").exists():
            log.warning("embedded.moved", wanted=str(wanted), home=str(home))
        account = unprivileged_account(home / "data")
    return Server(home, programs(bin_dir, account), account, settings)


def _enter(server: Server) -> IO[str]:
    with _locked(server.home):
        server.start()
        users = (server.home / "users").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
        return users


def _leave(server: Server, users: IO[str]) -> None:
    with _locked(server.home), users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else still uses it
        server.stop()


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One at a time starts or stops the server of this home."""
    with (home / "lock").open("a") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"{home}/lock is held by a command that hangs") from None
                time.sleep(0.02)
        yield


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


async def _in_thread(call: Callable[[], T]) -> T:
    """Run to the end even when cancelled: a half started server would have no holder."""
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
