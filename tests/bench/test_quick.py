"""`make bench` in its smallest form: nothing lost, nothing double, a table at the end."""

import subprocess
import sys

import pytest

from bench.process import ROOT


@pytest.mark.prove
def test_a_quick_run_ends_well_and_prints_its_table():
    argv = [sys.executable, "-m", "bench", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "| Campana |" in done.stdout
    assert "## Targets" in done.stdout
