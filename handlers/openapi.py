"""GET /api/openapi.json: OpenAPI 3.1, built from the declarations that validate the input."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from campana import VERSION
from handlers import replies
from handlers.declare import Limited, Operation, Stream, declared, described
from handlers.guards import Guard, guard_of, public
from handlers.shapes import Problem

DESCRIBED = ("/api/", "/health")
REF = "#/components/schemas/{model}"
SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "campana"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The same key, or a token (JWT) of an issuer that the tenant trusts.",
    },
}
RATE_HEADERS = {
    "RateLimit-Policy": "What may be done: name, q (quota), w (window in seconds).",
    "RateLimit": "What is left: name, r (remaining), t (seconds until it is whole again).",
}
RETRY_AFTER = {"Retry-After": "Seconds to wait."}
FOR_WHOM = {
    "name": "user",
    "in": "query",
    "description": "With a key: the person it acts for, by e-mail or id (scope impersonate).",
    "schema": {"type": "string"},
}


@public
@described("This description", tag="operations", answers={200: dict[str, Any]})
async def show(request: web.Request) -> web.Response:
    """GET /api/openapi.json"""
    return replies.json(_cached(request.app))


def document(app: web.Application) -> dict[str, Any]:
    """The whole description."""
    shapes = Shapes(app)
    paths: dict[str, Any] = {}
    for method, path, guard, operation in operations(app):
        paths.setdefault(path, {})[method] = _operation(method, path, guard, operation, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Campana",
            "version": VERSION,
            "description": "A multi-tenant, real-time notification centre.",
        },
        "paths": paths,
        "components": {
            "schemas": shapes.definitions,
            "securitySchemes": SECURITY,
            "responses": {
                "Problem": _problem("What is wrong, and what to do.", shapes),
                "TooMany": {
                    **_problem("Too many requests, or too many streams open.", shapes),
                    "headers": _headers(RETRY_AFTER | RATE_HEADERS),
                },
            },
        },
    }


def operations(app: web.Application) -> Iterator[tuple[str, str, Guard, Operation]]:
    """Every declared operation of the API: method (lower case), path, guard, declaration."""
    for method, path, handler in api_routes(app):
        operation, guard = declared(handler), guard_of(handler)
        if operation and guard:
            yield method, path, guard, operation


def api_routes(app: web.Application) -> Iterator[tuple[str, str, Any]]:
    """Every route that programs may use: method (lower case), path, handler."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith(DESCRIBED) and route.method != "HEAD":
            yield route.method.lower(), path, route.handler


class Shapes:
    """JSON schemas of all shapes, generated together so that equal names mean equal shapes."""

    def __init__(self, app: web.Application) -> None:
        wanted: dict[tuple[int, str], Any] = {(id(Problem), "serialization"): Problem}
        for _, _, _, operation in operations(app):
            for shape in (operation.query, operation.body, *operation.bodies.values()):
                if shape is not None:
                    wanted[id(shape), "validation"] = shape
            for shape in _answer_shapes(operation):
                wanted[id(shape), "serialization"] = shape
        self._schemas, together = TypeAdapter.json_schemas(
            [(key, mode, TypeAdapter(shape)) for (key, mode), shape in wanted.items()],  # type: ignore[misc]
            ref_template=REF,
        )
        self.definitions: dict[str, Any] = together.get("$defs", {})

    def of_input(self, shape: Any) -> dict[str, Any]:
        return dict(self._schemas[id(shape), "validation"])

    def of_answer(self, shape: Any) -> dict[str, Any]:
        return dict(self._schemas[id(shape), "serialization"])

    def parameters(self, shape: Any) -> Iterator[dict[str, Any]]:
        """A query's fields one by one."""
        name = self.of_input(shape)["$ref"].rpartition("/")[2]
        for field, schema in self.definitions[name]["properties"].items():
            told = {key: value for key, value in schema.items() if key != "description"}
            parameter = {"name": field, "in": "query", "schema": told}
            if "description" in schema:
                parameter["description"] = schema["description"]
            yield parameter


@lru_cache(maxsize=1)
def _cached(app: web.Application) -> dict[str, Any]:
    return document(app)


def _answer_shapes(operation: Operation) -> Iterator[Any]:
    for shape in operation.answers.values():
        if isinstance(shape, Stream):
            yield from shape.messages.values()
        elif shape is not None:
            yield shape


def _operation(
    method: str, path: str, guard: Guard, operation: Operation, shapes: Shapes
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method}{path}").strip("_"),
        "tags": [operation.tag],
        "summary": operation.summary,
        "security": list(_security(guard)),
        "parameters": list(_parameters(path, guard, operation, shapes)),
        "responses": {
            **{
                str(status): _answer(status, shape, shapes)
                for status, shape in operation.answers.items()
            },
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    _limit(told["responses"], operation.limited or ("rate" if guard.counts else None))
    if operation.description:
        told["description"] = operation.description
    if operation.body is not None:
        bodies = {"application/json": operation.body, **operation.bodies}
        told["requestBody"] = {
            "content": {kind: {"schema": shapes.of_input(body)} for kind, body in bodies.items()}
        }
    return told


def _limit(responses: dict[str, Any], limited: Limited | None) -> None:
    """What else is answered where there is a limit."""
    if limited is None:
        return
    for status, answer in responses.items():
        if limited == "rate" and status.isdigit():
            answer["headers"] = _headers(RATE_HEADERS)
    responses["429"] = {"$ref": "#/components/responses/TooMany"}


def _headers(said: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": meaning, "schema": {"type": "string"}}
        for name, meaning in said.items()
    }


def _problem(description: str, shapes: Shapes) -> dict[str, Any]:
    content = {replies.PROBLEM: {"schema": shapes.of_answer(Problem)}}
    return {"description": description, "content": content}


def _security(guard: Guard) -> Iterator[Mapping[str, list[str]]]:
    if guard.open:
        return
    if guard.people != "nobody":
        yield {"session": []}
    yield {"key": []}
    yield {"bearer": []}


def _parameters(
    path: str, guard: Guard, operation: Operation, shapes: Shapes
) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        schema = {"type": "string", **({"format": "uuid"} if name == "id" else {})}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if operation.query is not None:
        yield from shapes.parameters(operation.query)
    if guard.people == "everybody":
        yield FOR_WHOM
    for name, meaning in operation.headers.items():
        schema = {"type": "string"}
        yield {"name": name, "in": "header", "description": meaning, "schema": schema}


def _answer(status: int, shape: Any, shapes: Shapes) -> dict[str, Any]:
    told: dict[str, Any] = {"description": _meaning(status)}
    if isinstance(shape, Stream):
        told["description"] = shape.description
        told["content"] = {"text/event-stream": _stream(shape, shapes)}
    elif shape is not None:
        told["content"] = {"application/json": {"schema": shapes.of_answer(shape)}}
    return told


def _stream(stream: Stream, shapes: Shapes) -> dict[str, Any]:
    """OpenAPI 3.1 has no word for the messages of a stream; 3.2 calls them itemSchema."""
    messages = {name: shapes.of_answer(shape) for name, shape in stream.messages.items()}
    return {"schema": {"type": "string"}, "x-messages": messages}


def _meaning(status: int) -> str:
    return {200: "Done.", 202: "Accepted.", 503: "Not now."}.get(status, "As asked.")
