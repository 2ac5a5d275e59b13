"""Reading what was sent: forms and JSON, with a clear 4xx for whatever cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from campana.errors import BadRequest, FieldError, Invalid, TooLarge, WrongMediaType

URLENCODED = "application/x-www-form-urlencoded"
MOST_BODY = 8 * 1024 * 1024
MOST_FIELDS = 1000
MOST_BYTES = 512 * 1024
"""Of a form: strangers may send one, and each that comes slowly waits in memory."""
MOST_TOLD = 100
"""Findings listed in one answer."""
Form = Mapping[str, str]


async def form(request: web.Request) -> Form:
    """The fields of a form, the last of each name."""
    pairs = await fields(request)
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise BadRequest("A field holds a NUL character.", field=name.replace("\0", ""))
    return dict(pairs)


async def fields(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form in their order, for forms that repeat a name and check every value."""
    body = await _body(request)
    if request.content_type == URLENCODED:
        return _urlencoded(body)
    if body:
        raise WrongMediaType("Send a form.", hint=f"Content-Type: {URLENCODED}")
    return []


async def json_body(request: web.Request) -> Any:
    """The JSON that was sent; BadRequest, WrongMediaType, or Invalid for NUL characters."""
    kind = request.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        raise WrongMediaType("Send JSON.", hint="Content-Type: application/json")
    return read_json(await request.read())


def read_json(body: bytes) -> Any:
    """As `json_body`, of bytes at hand. Lone surrogates are malformed."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise BadRequest(f"This is no JSON: {exc}.", code="malformed_json") from exc
    if b"\\u0000" in body and (faults := _nuls(data)):
        raise Invalid("Text cannot hold NUL characters.", errors=faults, code="invalid_value")
    return data


def refuse_compressed(request: web.Request) -> None:
    """WrongMediaType: a megabyte may unpack to a thousand, and nobody's body is worth that work."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        error = WrongMediaType("Send the body as it is, not compressed.")
        error.headers = {"Accept-Encoding": "identity"}  # RFC 9110, 12.5.3
        raise error


def cut_short(request: web.Request, exc: Exception) -> BadRequest | None:
    """What this exception means when it says that the body was no HTTP, or that its sender left."""
    left = isinstance(exc, ConnectionResetError) and request.transport is None
    if left or isinstance(exc, web.RequestPayloadError):
        return BadRequest("The body did not come to its end.")
    return None


def paths_with_nul(data: Any, path: str = "") -> Iterator[str]:
    """Where in `data` a key or text holds a NUL character, such as `[3].data.name`."""
    if isinstance(data, str):
        if "\0" in data:
            yield path
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from paths_with_nul(item, f"{path}[{index}]")
    elif isinstance(data, dict):
        for name, item in data.items():
            here = f"{path}.{name}".lstrip(".")
            yield from [here.replace("\0", "")] if "\0" in name else paths_with_nul(item, here)


def _nuls(data: Any) -> list[FieldError]:
    said = "Text cannot hold NUL characters."
    found = islice(paths_with_nul(data), MOST_TOLD)
    return [FieldError(path, "invalid_value", said) for path in found]


async def _body(request: web.Request) -> bytes:
    """All of it, once for whoever asks again."""
    if "form" not in request:
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                raise TooLarge(f"A form has at most {MOST_BYTES // 1024} KiB.")
        request["form"] = bytes(body)
    form: bytes = request["form"]
    return form


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as exc:  # UnicodeDecodeError is one
        raise BadRequest("The form is not UTF-8, or has too many fields.") from exc
