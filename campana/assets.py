"""Addresses of static files: with a fingerprint of the content, so that they are kept for ever.

What every page needs travels as two files, made of the sheets and scripts that people write: fewer
requests, and fewer bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent / "static"
PREFIX = "/static/"
VENDOR = "vendor/"
STYLES, SCRIPTS = "campana.css", "campana.js"
FIRST_SHEET = "tokens"  # fixes the order of the layers
IN_ORDER = (
    "page",
    "bell",
    "sound",
    "toasts",
    "inbox",
    "panel",
    "forms",
    "actions",
    "keyboard",
    "install",
)
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*[\s\S]*?\*/[ \t]*)$", re.MULTILINE)
_REMARK = re.compile(r"[ \t]+(?:// .*|/\* [^*\n]* \*/)$", re.MULTILINE)
_AIR = re.compile(r" ?([{};,]) ?|(: )")
_GAP = re.compile(r"\s*\n\s*")


def asset(path: str) -> str:
    """`/static/icons.svg?v=1f2e3d4c5b` for `icons.svg`, as it was at most a second ago.

    A page asks for a hundred icons: the files are looked at once for all of them.
    """
    return _address(path, int(monotonic()))


@lru_cache(maxsize=256)
def _address(path: str, second: int) -> str:
    return f"{PREFIX}{path}?v={fingerprint(path)}"


def fingerprint(path: str) -> str:
    """Ten hexadecimal digits of the file as it is now; FileNotFoundError when there is none."""
    if path in BUNDLES:
        return _short("".join(map(_digest_of, BUNDLES[path]())).encode())
    return _digest_of(ROOT / path)


def content(path: str) -> bytes:
    """What is served as `path`: of ours without what only people read."""
    if path in BUNDLES:
        between = "\n" if path == STYLES else ";\n"
        return between.join(map(_lean, BUNDLES[path]())).encode()
    if path.endswith((".js", ".css")) and not path.startswith(VENDOR):
        return _lean(ROOT / path).encode()
    return (ROOT / path).read_bytes()


def sheets() -> list[Path]:
    """The style sheets, in the order in which they are read; whoever adds one needs no list."""
    found = (ROOT / "css").glob("*.css")
    return sorted(found, key=lambda sheet: (sheet.stem != FIRST_SHEET, sheet.stem))


def scripts() -> list[Path]:
    """The scripts of all pages of people who are signed in, in the order in which they run."""
    return [ROOT / "js" / f"{name}.js" for name in IN_ORDER]


BUNDLES: dict[str, Callable[[], list[Path]]] = {STYLES: sheets, SCRIPTS: scripts}


def _lean(file: Path) -> str:
    """Without comments and indentation. Lines of scripts stay lines: they may end statements; a
    sheet loses its spaces too, which mean nothing beside these signs."""
    text = _GAP.sub("\n", _REMARK.sub("", _COMMENT.sub("", file.read_text()))).strip()
    return text if file.suffix == ".js" else _AIR.sub(lambda found: found[0].strip(), text)


def _digest_of(file: Path) -> str:
    changed = file.stat()
    return _digest(file, changed.st_mtime_ns, changed.st_size)


@lru_cache(maxsize=256)
def _digest(file: Path, changed_at: int, size: int) -> str:
    return _short(file.read_bytes())


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]
