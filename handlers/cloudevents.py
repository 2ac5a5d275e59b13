"""CloudEvents 1.0 (cloudevents.io, HTTP binding 1.0.2): structured, batched and binary.

An event's `type`, `subject` and `data` are ours; what else ours has comes as extensions in lower
case (`audience`, `dedupekey`, …). `source` and `id` together name an event, so they are its dedupe
key where it brings none. Extensions that mean nothing here are let through, as the standard asks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from campana.errors import BadRequest, FieldError, Invalid
from campana.events import Priority, Variant
from handlers import fitting
from handlers.event_shapes import (
    EVENTS,
    KNOWN,
    MOST_EVENTS,
    ActionShape,
    EventShape,
    at,
    fitted,
)

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
PREFIX = "ce-"
LONGEST_KEY = 255
JSON_TYPE = r"^(?i:(application|text)/([\w.-]+\+)?json)\s*(;.*)?$"
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


class CloudEventShape(BaseModel):
    """A CloudEvent 1.0; the attributes below `time` are extensions."""

    model_config = ConfigDict(extra="ignore")

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=1000)
    source: str = Field(min_length=1, max_length=2000, pattern=r"^\S+$", examples=["/shop/sales"])
    type: str = Field(min_length=1, max_length=80, examples=["sale:created"])
    datacontenttype: Annotated[str, Field(pattern=JSON_TYPE)] | None = None
    dataschema: str | None = None
    subject: str | None = Field(None, max_length=141, description="kind:id, as appointment:42.")
    time: AwareDatetime | None = Field(None, description="Read, and not kept.")
    audience: str | None = Field(None, min_length=1, max_length=2000, examples=["role:ADMIN"])
    tenant: str | None = Field(None, max_length=80)
    title: str | None = Field(None, max_length=200)
    message: str | None = Field(None, max_length=4000)
    priority: Priority | None = None
    variant: Variant | None = None
    url: str | None = Field(None, max_length=2000)
    actions: list[ActionShape] | None = Field(None, max_length=5, description="As JSON in a text.")
    actor: str | None = Field(None, max_length=254)
    dedupekey: str | None = Field(
        None, min_length=1, max_length=LONGEST_KEY, description="Left out: of source and id."
    )
    collapsekey: str | None = Field(None, min_length=1, max_length=LONGEST_KEY)
    deliverat: AwareDatetime | None = None
    expiresat: AwareDatetime | None = None
    data: dict[str, Any] | None = None
    data_base64: str | None = Field(None, description="Instead of data.")

    @field_validator("actions", mode="before")
    @classmethod
    def _read(cls, text: Any) -> Any:
        try:
            return fitting.json(text.encode()) if isinstance(text, str) else text
        except BadRequest as error:
            raise ValueError(str(error)) from None


CloudEventArray = Annotated[list[CloudEventShape], Field(max_length=MOST_EVENTS)]
CLOUD_EVENTS: TypeAdapter[list[CloudEventShape]] = TypeAdapter(CloudEventArray)
ATTRIBUTES = fitting.wire_names(CloudEventShape)
UNLIKE = {"specversion", "id", "source", "datacontenttype", "dataschema", "time", "data_base64"}
"""Attributes that no event of ours has."""


def is_binary(request: web.Request) -> bool:
    """Whether the body is an event's data, and the headers tell the rest."""
    return any(name.lower().startswith(PREFIX) for name in request.headers)


async def one(request: web.Request) -> list[EventShape]:
    """The event of a structured request; Invalid with what does not fit."""
    return _events([fitting.json(await request.read())], is_array=False)


async def batch(request: web.Request) -> list[EventShape]:
    """The events of a batch, which may be none (JSON format 4.1); Invalid by index."""
    sent = fitting.json(await request.read())
    if not isinstance(sent, list):
        raise Invalid("A batch is an array of CloudEvents.", field="", code="invalid_value")
    if not sent:
        return []
    return _events(sent, is_array=True)


async def binary(request: web.Request) -> list[EventShape]:
    """The event of a request in binary mode; Invalid with what does not fit."""
    said = attributes(request)
    body = await request.read()
    if body:
        if not re.match(JSON_TYPE, request.headers.get("Content-Type", fitting.JSON)):
            raise fitting.refused_type(request, fitting.JSON)
        said["data"] = fitting.json(body)
    return _events([said], is_array=False)


def attributes(request: web.Request) -> dict[str, Any]:
    """What the headers say; Invalid for text that cannot be read, or is said twice."""
    said: dict[str, Any] = {}
    for header, value in request.headers.items():
        name = header.lower().removeprefix(PREFIX)
        if name == header.lower() or name in ("data", "data_base64"):
            continue
        if name in said:
            raise Invalid("This attribute is there twice.", field=name, code="invalid_value")
        said[name] = _decoded(name, value)
    return said


def _decoded(name: str, value: str) -> str:
    """HTTP binding 3.1.3.2: quotes are taken away, then percent signs mean bytes of UTF-8."""
    if quoted := QUOTED.fullmatch(value):
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        text = unquote_to_bytes(value.encode("utf-8", "surrogateescape")).decode("utf-8")
    except UnicodeDecodeError:
        hint = "Write characters beyond ASCII as the percent-encoded bytes of UTF-8."
        raise Invalid("This is no UTF-8.", field=name, code="invalid_value", hint=hint) from None
    if "\0" in text:
        raise Invalid("Text cannot hold NUL characters.", field=name, code="invalid_value")
    return text


def _events(sent: list[Any], *, is_array: bool) -> list[EventShape]:
    clouds = fitted(CLOUD_EVENTS, ATTRIBUTES, sent, is_array=is_array)
    ours = [_ours(cloud, index if is_array else None) for index, cloud in enumerate(clouds)]
    return fitted(EVENTS, KNOWN, ours, is_array=is_array)


def _ours(cloud: CloudEventShape, index: int | None) -> dict[str, Any]:
    said = {name: value for name, value in cloud if name not in UNLIKE}
    names = {"dedupekey": "dedupe_key", "collapsekey": "collapse_key"}
    names |= {"deliverat": "deliver_at", "expiresat": "expires_at"}
    event = {names.get(name, name): value for name, value in said.items()}
    event["dedupe_key"] = cloud.dedupekey or dedupe_key(cloud.source, cloud.id)
    if cloud.data_base64 is not None:
        event["data"] = _data(cloud, index)
    return event


def dedupe_key(source: str, name: str) -> str:
    """CloudEvents 3.1.1: source and id together are unique. At most 255 characters."""
    key = f"{source} {name}"
    return key if len(key) <= LONGEST_KEY else f"sha256 {hashlib.sha256(key.encode()).hexdigest()}"


def _data(cloud: CloudEventShape, index: int | None) -> Any:
    """What `data_base64` holds, which must be JSON as everything here."""
    try:
        if cloud.data is not None:
            raise ValueError("There are both data and data_base64.")
        return fitting.json(base64.b64decode(cloud.data_base64 or "", validate=True))
    except (binascii.Error, ValueError, BadRequest) as error:
        fault = FieldError("data_base64", "invalid_value", str(error), "Send JSON as base64.")
        raise Invalid(str(error), errors=[fault if index is None else at(fault, index)]) from None
