"""Static files: kept for ever under their fingerprint, asked again without."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from campana.assets import PREFIX, ROOT, fingerprint
from campana.errors import NotFound

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

# A shared worker obeys the policy of its own answer, not that of the page that started it.
POLICY = {"live.js": "default-src 'none'; connect-src 'self'"}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /static/{path}"""
    path = request.match_info["path"]
    file = _file(path)
    response = web.FileResponse(file)
    known = request.query.get("v") == fingerprint(path)
    response.headers["Cache-Control"] = FOR_EVER if known else ASK_AGAIN
    response.headers["X-Content-Type-Options"] = "nosniff"
    if path in POLICY:
        response.headers["Content-Security-Policy"] = POLICY[path]
    return response


def _file(path: str) -> Path:
    try:
        file = (ROOT / path).resolve()
        if file.is_relative_to(ROOT.resolve()) and file.is_file():
            return file
    except (OSError, ValueError):  # a name too long for the system, or with a NUL in it
        pass
    raise NotFound


def routes() -> list[web.RouteDef]:
    return [web.get(PREFIX + "{path:.+}", show)]
