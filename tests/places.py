"""Where tests keep PostgreSQL: homes that its unprivileged account reaches, and version 15."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

POSTGRESQL_15 = Path("/usr/lib/postgresql/15/bin")


@contextlib.contextmanager
def new_home() -> Iterator[Path]:
    """An empty CAMPANA_HOME. pytest's own tmp_path is closed to other accounts."""
    home = Path(tempfile.mkdtemp(prefix="campana-test-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home)


def postgresql_15() -> Path:
    """Programs of the oldest supported version. Without them a test fails, unless told not to."""
    if os.environ.get("CAMPANA_TEST_PG15") == "off":
        pytest.skip("CAMPANA_TEST_PG15=off: nothing is tested on PostgreSQL 15")
    if not (POSTGRESQL_15 / "initdb").exists():
        pytest.fail(f"{POSTGRESQL_15}/initdb is missing: install it or set CAMPANA_TEST_PG15=off")
    return POSTGRESQL_15
