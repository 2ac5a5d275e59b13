"""A real PgBouncer in front of a test's database. Without it a test is left out, not in CI."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.waiting import eventually

# What it must let pass so that programs can connect at all; it forgets them all the same.
OURS = (
    "role, search_path, jit, idle_in_transaction_session_timeout, plan_cache_mode, app.bus, app.web"
)
CONFIGURATION = """
[databases]
* = host={host} port={server_port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 4
ignore_startup_parameters = {ignored}
"""


def program() -> str:
    """Where it is. Missing, the test is skipped, or fails where CAMPANA_TEST_PGBOUNCER is on."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and os.environ.get("CAMPANA_TEST_PGBOUNCER") == "on":
        pytest.fail("pgbouncer is missing: install it")
    if found is None:
        pytest.skip("pgbouncer is not installed: no pooler is recognised for real")
    return found


@contextlib.asynccontextmanager
async def pooled(dsn: str, mode: str, *, lenient: bool = True) -> AsyncIterator[str]:
    """The address of the same database through PgBouncer. mode: transaction or session.

    lenient: connections that start with settings are let in, and the settings ignored.
    """
    parts, port = urlsplit(dsn), _free_port()
    where = parse_qs(parts.query)
    configuration = CONFIGURATION.format(
        host=where["host"][0],
        server_port=where["port"][0],
        user=parts.username,
        password=parts.password,
        port=port,
        mode=mode,
        ignored=OURS if lenient else "extra_float_digits",
    )
    command, account = [program(), "-q"], os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="campana-pgbouncer-") as name:
        file = Path(name) / "pgbouncer.ini"
        file.write_text(configuration)
        file.chmod(0o644)
        file.parent.chmod(0o755)
        command += ["-u", "postgres"] if account else []
        process = await asyncio.create_subprocess_exec(*command, str(file))
        try:
            await eventually(lambda: _listens(port))
            yield f"postgresql://{parts.username}:any@127.0.0.1:{port}{parts.path}"
        finally:
            process.terminate()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
