"""What a request brings, fitted into declared shapes; what does not fit is named field by field."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from campana.errors import BadRequest, FieldError, Invalid, WrongMediaType
from handlers import inputs

Model = TypeVar("Model", bound=BaseModel)

JSON = "application/json"
CODES = {"missing": "missing", "extra_forbidden": "unknown_field"}
SAID = dict.fromkeys(("model_type", "dict_type"), "Input should be a JSON object.")
"""Where pydantic speaks of classes and dictionaries."""
LIMITS = ("max_length", "le", "ge", "expected")
"""What pydantic calls the bound of a rule."""
MOST_FINDINGS = 2_000
"""More than these are counted, not told: putting 700,000 into words would stop every stream."""


def query(request: web.Request, shape: type[Model]) -> Model:
    """The query string. An empty value counts as left out, as forms send it."""
    given = {name: value for name, value in request.query.items() if value != ""}
    for name, value in given.items():
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise Invalid("This value is no text.", field=name, code="invalid_value")
    return fit(shape, given)


async def form(request: web.Request, shape: type[Model]) -> Model:
    """A JSON object or an HTML form, whichever was sent; nothing at all counts as {}."""
    if request.content_type == JSON:
        body = await request.read()
        return fit(shape, json(body) if body.strip() else {})
    fields = await inputs.form(request)
    return fit(shape, {name: value for name, value in fields.items() if value != ""})


def json(body: bytes) -> Any:
    """Parsed JSON whose texts can all be stored."""
    try:
        return inputs.read_json(body)
    except BadRequest as error:
        if "surrogate in string" not in error.detail:
            raise
        hint = "Send each character beyond U+FFFF as a whole pair, or as UTF-8."
        raise Invalid(error.detail, field="", code="invalid_value", hint=hint) from None


def fit(shape: type[Model], value: Any) -> Model:
    """`value` as `shape`; Invalid with everything that does not fit."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        known = wire_names(shape)
        found = [field_error(detail, detail["loc"], known) for detail in details(error)]
        raise Invalid(found[0].message, errors=found) from None


def refused_type(request: web.Request, *accepted: str) -> WrongMediaType:
    """The answer to a content type that is none of `accepted`."""
    sent = request.headers.get("Content-Type", "")[:100]
    return WrongMediaType(
        f"The content type {sent!r} is not understood here." if sent else "Name the content type.",
        hint=f"Send {' or '.join(accepted)}.",
    )


def details(error: ValidationError) -> list[ErrorDetails]:
    """pydantic's findings, without what was sent: it may be huge, or secret."""
    if (count := error.error_count()) > MOST_FINDINGS:
        hint = "Send the fields of the description, and no others."
        raise Invalid(f"{count:,} things are wrong.", field="", code="invalid_value", hint=hint)
    return error.errors(include_url=False, include_input=False)


def field_error(
    detail: ErrorDetails, place: tuple[int | str, ...], known: Iterable[str]
) -> FieldError:
    """A finding of pydantic's in our words. place: where it was. known: what could be meant."""
    where = ".".join(map(str, place))
    code = CODES.get(detail["type"], "invalid_value")
    if code != "unknown_field":
        said = SAID.get(detail["type"]) or _sentence(detail["msg"])
        return FieldError(where, code, said, kind=detail["type"], limit=_limit(detail))
    unknown, names = str(place[-1])[:80], list(known)
    near = get_close_matches(unknown, names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(names)}."
    return FieldError(where[:200], code, f"There is no field {unknown!r}.", hint)


def wire_names(shape: type[BaseModel]) -> list[str]:
    """The fields of a shape as they are written on the wire."""
    return [info.alias or name for name, info in shape.model_fields.items()]


def _limit(detail: ErrorDetails) -> int | str | None:
    bounds = detail.get("ctx", {})
    return next((bounds[name] for name in LIMITS if name in bounds), None)


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
