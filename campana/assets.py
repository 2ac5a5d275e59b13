"""Addresses of static files: with a fingerprint of the content, so that they are kept for ever."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "static"
PREFIX = "/static/"


def asset(path: str) -> str:
    """`/static/css/base.css?v=1f2e3d4c5b` for `css/base.css`."""
    return f"{PREFIX}{path}?v={fingerprint(path)}"


def fingerprint(path: str) -> str:
    """Ten hexadecimal digits of the file as it is now; FileNotFoundError when there is none."""
    file = ROOT / path
    changed = file.stat()
    return _digest(file, changed.st_mtime_ns, changed.st_size)


@lru_cache(maxsize=256)
def _digest(file: Path, changed_at: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]
