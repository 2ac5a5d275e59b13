"""Static files, from memory and zipped once: kept for ever under their fingerprint."""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from campana.assets import BUNDLES, ROOT, content, fingerprint
from campana.errors import NotFound
from handlers import compression
from handlers.guards import public

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
TEXTS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}

# A shared worker obeys the policy of its own answer, not that of the page that started it.
POLICY = {"live.js": "default-src 'none'; connect-src 'self'"}
STRICTEST = "default-src 'none'"


class Kept(NamedTuple):
    """A file in memory."""

    body: bytes
    zipped: bytes | None  # None: not worth it


@public
async def show(request: web.Request) -> web.StreamResponse:
    """GET /static/{path}"""
    file = _file(request.match_info["path"])
    path = file.relative_to(ROOT).as_posix()
    mark = fingerprint(path)
    headers = {
        "Cache-Control": FOR_EVER if request.query.get("v") == mark else ASK_AGAIN,
        "ETag": f'"{mark}"',
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": POLICY.get(path, STRICTEST),
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return _answer(request, file, _kept(file, mark), headers)


def _answer(
    request: web.Request, file: Path, kept: Kept, headers: dict[str, str]
) -> web.StreamResponse:
    headers["Content-Type"] = _kind(file)
    if kept.zipped is not None and compression.reads_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=kept.zipped, headers=headers)
    return web.Response(body=kept.body, headers=headers)


def _kind(file: Path) -> str:
    if text := TEXTS.get(file.suffix):
        return f"{text}; charset=utf-8"
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


@lru_cache(maxsize=256)
def _kept(file: Path, mark: str) -> Kept:
    """The file as it was when its fingerprint was `mark`."""
    body = content(file.relative_to(ROOT).as_posix())
    return Kept(body, gzip.compress(body, mtime=0) if file.suffix in TEXTS else None)


def _file(path: str) -> Path:
    try:
        file = (ROOT / path).resolve()
        if file.is_relative_to(ROOT) and (file.is_file() or _is_bundle(file)):
            return file
    except (OSError, ValueError):  # a name too long for the system, or with a NUL in it
        pass
    raise NotFound


def _is_bundle(file: Path) -> bool:
    return file.parent == ROOT and file.name in BUNDLES
