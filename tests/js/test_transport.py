"""The transport of static/live.js is tried by Node, against a scripted server."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no Node here")
def test_the_transport_keeps_its_promises() -> None:
    assert NODE
    files = sorted(str(file) for file in HERE.glob("*.test.mjs"))
    ran = subprocess.run([NODE, "--test", *files], capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
