"""Forms of administrators: read into a shape, shown again with what is wrong, confirmed when done.

A form that edits carries `was`, what it was drawn with, so that two who edit at once lose nothing
(campana/administration/edits.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import web
from pydantic import Field

from campana.administration.edits import Overtaken
from campana.errors import CampanaError, Conflict, Invalid
from campana.i18n import gettext as _
from campana.render import partial
from handlers import field_words, fitting, inputs, replies
from handlers.declare import QueryShape

REFUSALS = (Invalid, Conflict)
"""What a form is shown again for."""
WAS = "was"
MOST_WAS = 20_000


class Said(QueryShape):
    """done: what has just been done, for a page to confirm it in words."""

    done: str | None = Field(None, max_length=40)


async def typed(request: web.Request) -> dict[str, str]:
    """The fields as they came, without `was`; what is no text that can be stored is refused."""
    form = await inputs.form(request)
    return {name: value for name, value in form.items() if name != WAS}


async def days(request: web.Request, name: str = "day") -> int:
    """The boxes of this name that are ticked, each sending its bit: Monday is 1, Sunday 64."""
    sent = {value for field, value in await inputs.fields(request) if field == name}
    return sum(bit for bit in (1 << place for place in range(7)) if str(bit) in sent)


async def was(request: web.Request) -> dict[str, Any]:
    """What the form was drawn with; {} when it does not say so in a way that we understand."""
    text = (await inputs.form(request)).get(WAS, "")
    try:
        said = orjson.loads(text) if len(text) <= MOST_WAS else {}
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def drawn_with(values: Mapping[str, Any]) -> str:
    """What `was` says of a form with these values."""
    return orjson.dumps(dict(values)).decode()


def again(
    now: Mapping[str, Any], typed: Mapping[str, str], was: Mapping[str, Any]
) -> dict[str, Any]:
    """What a form shows that was refused: as things are by now, with what its author changed. What
    others changed meanwhile must not look as if it had been typed: it would be changed back."""
    mine = {name: text for name, text in typed.items() if text != _as_text(was.get(name))}
    return {**now, **mine}


def wrong(error: CampanaError) -> dict[str, Any]:
    """What a form says about a refusal: errors by field, a problem above it, others' values."""
    errors = {one.field: _in_words(one) for one in error.errors}
    if isinstance(error, Conflict) and error.field:
        errors[error.field] = str(error)
    theirs = error.theirs if isinstance(error, Overtaken) else {}
    problem = "" if errors else str(error)
    if theirs:
        problem = _(
            "Somebody changed this meanwhile. Both values are below: save again to keep yours."
        )
    return {"errors": errors, "theirs": theirs, "problem": problem, "status": error.status}


def right() -> dict[str, Any]:
    """The same for a form that nothing is wrong with."""
    return {"errors": {}, "theirs": {}, "problem": "", "status": 200}


def swapped(request: web.Request, state: dict[str, Any]) -> dict[str, Any]:
    """The same where htmx puts the answer in the place of what was sent: an error it does not."""
    return {**state, "status": 200} if replies.is_htmx(request) else state


def done(request: web.Request, to: str, what: str, words: Mapping[str, str]) -> web.Response:
    """The answer to a change: 303 to a page that confirms it, for htmx the confirmation alone."""
    fragment = partial("layout/_flashes.html", flashes=said(what, words))
    return replies.changed(request, fragment, to=f"{to}?{urlencode({'done': what})}")


def confirmed(request: web.Request, words: Mapping[str, str]) -> list[dict[str, str]]:
    """The message above a page that a change led to."""
    return said(fitting.query(request, Said).done or "", words)


def said(what: str, words: Mapping[str, str]) -> list[dict[str, str]]:
    """Nothing for a word that is not ours: an address must not put words on our pages."""
    text = words.get(what)
    return [{"variant": "success", "text": text}] if text else []


def _as_text(value: Any) -> str:
    """As a form sends it; a box that is not ticked sends nothing."""
    return "" if value in (None, False) else "true" if value is True else str(value)


def _in_words(error: Any) -> str:
    return (
        field_words.in_words(error)["message"]
        if error.kind or error.code == "missing"
        else error.message
    )
