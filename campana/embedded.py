"""A private PostgreSQL under CAMPANA_HOME, for trying, developing and testing.

Doors: `async with running(home) as server` and, for short commands, `with held(home) as server`;
`kept_alive(server)` for who stays long.
The server belongs to its home: whoever comes first starts it, the last one to leave stops it.
Users are counted by shared file locks, which the kernel drops even after kill -9.
"""

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TypeVar

import structlog

from campana.cluster import SETTINGS, Server
from campana.hosting import (
    SHARED_ROOT,
    EmbeddedError,
    can_keep,
    digest,
    programs,
    unprivileged_account,
)

__all__ = ["EmbeddedError", "Server", "held", "kept_alive", "running"]

log = structlog.get_logger(__name__)
T = TypeVar("T")

LOCK_SECONDS = 120.0
LOOK_EVERY = 1.0
"""Seconds between looks at a server that is kept alive; gone twice running, it is started anew."""


@contextlib.contextmanager
def held(
    home: Path, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Use the server of this home: start or adopt it; the last one to leave stops it.

    home: CAMPANA_HOME, made when missing. bin_dir: PostgreSQL's programs (default: CAMPANA_PG_BIN,
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
    except OSError as error:
        raise EmbeddedError(
            f"{error.filename or home} cannot be used ({error.strerror or error}): set CAMPANA_HOME"
            " to a directory that this account may fill"
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
    holding = contextlib.ExitStack()
    try:
        yield await _in_thread(lambda: holding.enter_context(held(home, bin_dir, settings)))
    finally:
        await _in_thread(holding.close)


@contextlib.asynccontextmanager
async def kept_alive(server: Server) -> AsyncIterator[None]:
    """Inside, a server that died, killed or for want of memory, is started anew."""
    watching = asyncio.create_task(_keep_alive(server))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _keep_alive(server: Server) -> None:
    gone = 0
    while True:
        await asyncio.sleep(LOOK_EVERY)
        gone = 0 if await _in_thread(server.answers) else gone + 1
        if gone < 2 or not server.data.exists():  # without its files nothing could go on
            continue
        log.warning("embedded.gone", home=str(server.home), success=False)
        try:
            await _in_thread(lambda: _start(server))
        except (EmbeddedError, OSError) as error:
            log.error("embedded.not_started", reason=str(error), success=False)


def _locate(home: Path, bin_dir: Path | None, settings: Mapping[str, str]) -> Server:
    """Root's account may be unable to reach CAMPANA_HOME, say under /root: then elsewhere."""
    home.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    account = unprivileged_account(home / "data")
    if not can_keep(account, home):
        if (home / "data").exists():
            raise EmbeddedError(f"the owner of {home}/data cannot reach it: open the way to it")
        wanted, home = home, SHARED_ROOT / digest(home)
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        log.warning("embedded.moved", wanted=str(wanted), home=str(home))
        account = unprivileged_account(home / "data")
    return Server(home, programs(bin_dir, account), account, settings)


def _start(server: Server) -> None:
    with _locked(server.home):
        server.start()


def _enter(server: Server) -> IO[str]:
    with _locked(server.home):
        server.start()
        users = (server.home / "users").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
        return users


def _leave(server: Server, users: IO[str]) -> None:
    """Failing to stop it must not hide how its user ended: the next command adopts it."""
    try:
        with _locked(server.home), users:  # let go of both together, or two would both stay behind
            if _alone(users) and server.answers():
                server.stop()
    except (EmbeddedError, OSError) as error:
        users.close()
        log.error("embedded.not_stopped", home=str(server.home), reason=str(error))


def _alone(file: IO[str]) -> bool:
    """Take the file's lock for ourselves, if nobody else has any part of it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One at a time starts or stops the server of this home."""
    with (home / "lock").open("a") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _alone(file):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"another command keeps {home}/lock: end it and try again")
            time.sleep(0.02)
        yield


async def _in_thread(call: Callable[[], T]) -> T:
    """Run to the end even when cancelled: a half started server would have no holder."""
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
