"""One PostgreSQL data directory with its server: made, started, adopted, stopped.

`embedded.py` holds and releases it; whoever calls start() or stop() holds the home's lock.
"""

import contextlib
import os
import pwd
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO
from urllib.parse import quote

import structlog

from campana.hosting import EmbeddedError, digest, own_directory, run_as, was_told, write_private

log = structlog.get_logger(__name__)

PORT = 5432  # names the socket; nothing listens on the network
OWNER = DATABASE = "campana"
SOCKET_LIMIT = 107 if sys.platform == "linux" else 103  # bytes that fit in sockaddr_un
LOG_BYTES = 16 * 1024 * 1024
START_SECONDS = 600  # after a crash a large log may have to be replayed
BACKENDS_SECONDS = 20
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
    """An embedded server.

    home: where its files are (not CAMPANA_HOME when the server's account cannot reach that).
    bin_dir: PostgreSQL's programs, psql and pgbench among them.
    account: the unprivileged account it runs as; None: the caller's own.
    settings: postgresql.conf values for the next start.
    """

    home: Path
    bin_dir: Path
    account: pwd.struct_passwd | None
    settings: Mapping[str, str]

    @cached_property
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
        where = f"host={quote(str(self.socket_dir))}&port={PORT}"
        return f"postgresql://{login}@/{quote(database, safe='')}?{where}"

    def secret(self, name: str) -> str:
        """The random text kept in home/<name> for its owner's eyes; made when missing."""
        path, draft = self.home / name, self.home / f"{name}.{secrets.token_hex(4)}"
        if not path.exists():
            write_private(draft, secrets.token_urlsafe(24))
            with contextlib.suppress(FileExistsError):  # the first one counts
                os.link(draft, path)
            draft.unlink()
        return path.read_text()

    @property
    def socket_dir(self) -> Path:
        """home/run, or one under /tmp when that path would not fit or not be read as one."""
        path = self.home / "run"
        fits = len(os.fsencode(path / f".s.PGSQL.{PORT}")) <= SOCKET_LIMIT
        plain = re.fullmatch(r"[A-Za-z0-9_./+-]+", str(path))
        short = Path("/tmp") / f"campana-{digest(self.home)}"  # noqa: S108 (private, see own_directory)
        return path if fits and plain else short

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log_file(self) -> Path:
        return self.home / "log" / "postgresql.log"

    @property
    def pid(self) -> int | None:
        """Process number of the server, None when it left no trace."""
        lines = self._pid_file()
        return int(lines[0]) if lines else None

    def start(self) -> None:
        """Start it, or adopt it where it runs, and wait until it takes queries."""
        own_directory(self.socket_dir, self.account)
        if not self.data.exists():
            self._create()
        self._refuse_other_version()
        if not self._becomes_ready():
            self._launch()

    def stop(self, mode: str = "fast") -> None:
        """Stop it. mode: smart, fast or immediate, as in pg_ctl."""
        self._control("stop", "-m", mode)
        log.info("embedded.stopped", home=str(self.home))

    def restart(self, mode: str = "fast") -> None:
        """Stop and start it under its users, as an administrator would; connections are cut."""
        self._control("restart", "-m", mode)

    def answers(self) -> bool:
        """A socket that takes connections has a living server: the kernel closes it with it."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket_dir / f".s.PGSQL.{PORT}"))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
        return True

    def _create(self) -> None:
        """initdb aside, then rename: whatever is cut in between leaves nothing half made."""
        for abandoned in self.home.glob("data.*.new"):
            shutil.rmtree(abandoned, ignore_errors=True)
        unfinished = self.home / f"data.{os.getpid()}.new"
        handover = self.socket_dir / f"password.{os.getpid()}"
        own_directory(unfinished, self.account)
        write_private(handover, self.secret("password"))
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

    def _becomes_ready(self) -> bool:
        """Adopt a server, also one whose starter was killed midway; False: there is none."""
        deadline = time.monotonic() + START_SECONDS
        while (pid := self.pid) is not None and was_told(pid, self._socket_option):
            if "ready" in self._pid_file()[7:] and self.answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedError(f"a PostgreSQL uses {self.data} but takes no queries: stop it")
            time.sleep(0.02)
        return False

    def _launch(self) -> None:
        self._drop_stale_locks()
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        options = [
            *(f"{name}={value}" for name, value in self.settings.items()),
            self._socket_option,
        ]
        told = (f"-c {shlex.quote(option)}" for option in options)
        self._retry_start("-t", str(START_SECONDS), "-o", " ".join(told))
        log.info("embedded.started", home=str(self.home), version=self.version)

    def _drop_stale_locks(self) -> None:
        """PostgreSQL would not start while any process of its account has the dead one's number.

        It still notices living backends of the dead one, by their shared memory.
        """
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.socket_dir.glob(f".s.PGSQL.{PORT}*"):
            left.unlink()

    def _retry_start(self, *options: str) -> None:
        """Backends of a killed server end their queries before they notice."""
        deadline = time.monotonic() + BACKENDS_SECONDS
        while True:
            try:
                return self._control("start", *options)
            except EmbeddedError as error:
                if "still in use" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    @property
    def _socket_option(self) -> str:
        return f"unix_socket_directories={self.socket_dir}"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return []

    def _control(self, action: str, *options: str) -> None:
        """pg_ctl; what it and the server say goes to our log file, which stays ours."""
        self.log_file.parent.mkdir(mode=0o700, exist_ok=True)
        with self.log_file.open("a") as output:
            self._run("pg_ctl", [action, "-w", *options], output)

    def _run(
        self, program: str, options: Sequence[str], output: IO[str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command, environ = [str(self.bin_dir / program), *options], {"PGDATA": str(self.data)}
        done = run_as(self.account, command, environ=environ, output=output, stdin=stdin)
        if done.returncode:
            said = (done.stdout or self.log_file.read_text()[-2000:]).strip().splitlines()
            reason = next(filter(_is_reason, reversed(said)), (said or [""])[-1])
            raise EmbeddedError(f"{program} failed: {reason.strip()} (log: {self.log_file})")
        return done


def _is_reason(line: str) -> bool:
    """Why a server did not start; backends of a killed one may still be saying their last words."""
    return "FATAL" in line and "terminating connection" not in line
