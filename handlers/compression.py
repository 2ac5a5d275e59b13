"""Pages and JSON travel zipped. Streams never do: what is buffered is late.

A zipped page tells by its length whether a guess repeats something in it (BREACH). That is bearable
here: pages hold no secret that opens anything (no token in forms, the session only in a cookie that
scripts cannot read), and other sites cannot make a browser ask with it (`SameSite`, and origin.py
refuses embedding). Still, each answer gets a name of random length, as in "Heal the BREACH"
(doi:10.1109/ACCESS.2022.3160094), so that lengths have to be asked for very often.
"""

from __future__ import annotations

import io
import re
import secrets
from gzip import GzipFile

from aiohttp import web
from aiohttp.typedefs import Handler

KINDS = {"text/html", "text/javascript", "application/json", "application/problem+json"}
SMALLEST = 1024
"""Bytes; less than this travels in one packet anyway."""
LEVEL = 5
LONGEST_NAME = 64
_REFUSED = re.compile(r"\bgzip\s*;\s*q=0(\.0+)?\s*(,|$)", re.IGNORECASE)


@web.middleware
async def zip_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if isinstance(response, web.Response) and response.content_type in KINDS:
        _zip(request, response)
    return response


def reads_gzip(request: web.Request) -> bool:
    accepted = request.headers.get("Accept-Encoding", "")
    return "gzip" in accepted.lower() and not _REFUSED.search(accepted)


def _zip(request: web.Request, response: web.Response) -> None:
    body = response.body
    if (
        not isinstance(body, bytes)
        or len(body) < SMALLEST
        or "Content-Encoding" in response.headers
    ):
        return
    varies = response.headers.get("Vary")
    response.headers["Vary"] = f"{varies}, Accept-Encoding" if varies else "Accept-Encoding"
    if reads_gzip(request):
        response.body = _zipped(body)
        response.headers["Content-Encoding"] = "gzip"


def _zipped(body: bytes) -> bytes:
    name = "x" * secrets.randbelow(LONGEST_NAME)
    buffer = io.BytesIO()
    with GzipFile(name, "wb", LEVEL, buffer, mtime=0) as file:
        file.write(body)
    return buffer.getvalue()
