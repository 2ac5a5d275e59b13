"""Declarations of the API: what an operation takes and answers, said once.

`@operation(…)` reads query and body through its models before the handler runs, and is what
handlers/openapi.py describes. Whatever does not fit is refused field by field, with a hint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from campana.errors import NotFound
from handlers import fitting

Handler = Callable[..., Awaitable[web.StreamResponse]]
Declare = Callable[[Handler], Handler]


Limited = Literal["rate", "streams"]


class Shape(BaseModel):
    """Input or answer of an operation: snake_case here, camelCase on the wire, both understood."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
    )


class QueryShape(Shape):
    """A query string. What it does not name may belong to somebody else: `user=` to the key."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is a stream of server-sent events: message name → shape of its data."""

    description: str
    messages: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One declared operation. answers: status → shape, Stream, or None when there is no body.

    limited: how: to so many a minute, or to so many streams at a time.
    """

    summary: str
    description: str
    tag: str
    query: type[BaseModel] | None = None
    body: Any = None
    bodies: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[int, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    limited: Limited | None = None


def operation(
    summary: str,
    *,
    tag: str,
    query: type[BaseModel] | None = None,
    form: type[BaseModel] | None = None,
    body: Any = None,
    bodies: Mapping[str, Any] | None = None,
    answers: Mapping[int, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    limited: Limited | None = None,
) -> Declare:
    """Declare a handler, which then gets `query` and `form` as further arguments, validated.

    form: a JSON object or an HTML form. body: shape of a body that the handler reads by itself.
    bodies: the same in other content types. headers: request headers it
    heeds, name → meaning. answers: the good ones, problems go unsaid. limited: as in Operation.
    """

    def declare(handler: Handler) -> Handler:
        @wraps(handler)
        async def read_and_handle(request: web.Request) -> web.StreamResponse:
            given: dict[str, Any] = {}
            if query is not None:
                given["query"] = fitting.query(request, query)
            if form is not None:
                given["form"] = await fitting.form(request, form)
            return await handler(request, **given)

        return described(
            summary,
            tag=tag,
            query=query,
            body=form if body is None else body,
            bodies=bodies,
            answers=answers,
            headers=headers,
            limited=limited,
        )(read_and_handle)

    return declare


def described(
    summary: str,
    *,
    tag: str,
    query: type[BaseModel] | None = None,
    body: Any = None,
    bodies: Mapping[str, Any] | None = None,
    answers: Mapping[int, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    limited: Limited | None = None,
) -> Declare:
    """As `operation`, for a handler that reads everything by itself."""

    def declare(handler: Handler) -> Handler:
        handler.operation = Operation(  # type: ignore[attr-defined]
            summary=summary,
            description=_prose(handler),
            tag=tag,
            query=query,
            body=body,
            bodies=bodies or {},
            answers=answers or {200: None},
            headers=headers or {},
            limited=limited,
        )
        return handler

    return declare


def declared(handler: Any) -> Operation | None:
    """The declaration of a handler; None when it has none."""
    found: Operation | None = getattr(handler, "operation", None)
    return found


def path_id(request: web.Request) -> UUID:
    """The `{id}` of the path. What cannot be an id is as little found as another's."""
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise NotFound("There is nothing with this id.") from None


def _prose(handler: Handler) -> str:
    """The docstring without its first line, which names the route for readers of the code."""
    lines = (handler.__doc__ or "").strip().splitlines()[1:]
    return "\n".join(line.strip() for line in lines).strip()
