"""Reading what was sent: forms and JSON, with a clear 4xx for whatever cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from campana.errors import BadRequest, FieldError, Invalid, WrongMediaType

URLENCODED = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000
Form = Mapping[str, str]


async def form(request: web.Request) -> Form:
    """The fields of a form, the last of each name; files are not taken."""
    pairs = await fields(request)
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise BadRequest("A field holds a NUL character.", field=name.replace("\0", ""))
    return dict(pairs)


async def fields(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form in their order, for forms that repeat a name and check every value."""
    body = await request.read()
    if request.content_type == URLENCODED:
        return _urlencoded(body)
    if request.content_type == "multipart/form-data":
        return await _multipart(request)
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
    if b"\\u0000" in body and (faults := [_nul(path) for path in paths_with_nul(data)]):
        raise Invalid("Text cannot hold NUL characters.", errors=faults, code="invalid_value")
    return data


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


def _nul(path: str) -> FieldError:
    return FieldError(path, "invalid_value", "Text cannot hold NUL characters.")


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


async def _multipart(request: web.Request) -> list[tuple[str, str]]:
    try:
        posted = await request.post()
    except (ValueError, LookupError, AssertionError) as exc:
        raise BadRequest("The form cannot be read.") from exc
    if any(not isinstance(value, str) for value in posted.values()):
        raise BadRequest("Files are not taken here.")
    return [(name, str(value)) for name, value in posted.items()]
