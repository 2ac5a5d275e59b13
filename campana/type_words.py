"""Words of types that tenants add: `{placeholders}` with fixed formats, and nothing else.

`{field}` is a value of the event's data, `{client.name}` one inside it, `{actor}` who did it,
`{amount:money}` a value in one of FORMATS. No program: whoever writes words can read data, no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from campana import i18n, render
from campana.i18n import gettext as _

MISSING = "…"
"""What stands for a value that the publisher left out."""
LONGEST_VALUE = 500
"""Characters of one value that are said: a text may name it a thousand times."""
_SLOT = re.compile(r"\{([^{}]*)\}")
_FIELD = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,5}", re.ASCII)


class Own(NamedTuple):
    """What a tenant says of its type. words: {"<locale>": {"name", "title", "message"}}, all
    of it optional."""

    words: Mapping[str, Mapping[str, str]]
    icon: str | None = None


def _day(value: Any) -> str:
    return render.moment(value).partition(",")[0]


def _time(value: Any) -> str:
    return render.moment(value).rpartition(", ")[2]


FORMATS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "number": i18n.number,
    "money": i18n.money,
    "date": render.moment,
    "day": _day,
    "time": _time,
}


def say(text: str, data: Any, actor_name: str | None = None) -> str:
    """The text with its placeholders filled, for the reader at hand (i18n.use_locale). One line;
    what cannot be filled is MISSING."""
    filled = _SLOT.sub(lambda slot: _filled(slot[1], data, actor_name)[:LONGEST_VALUE], text)
    return " ".join(filled.split())


def words(own: Own, data: Any, actor_name: str | None = None) -> render.Wording | None:
    """Title and message in the reader's language, else in the first that has a title; None
    without any."""
    said = own.words.get(i18n.current_locale()) or {}
    if not said.get("title"):
        said = next((other for other in own.words.values() if other.get("title")), {})
    if not said:
        return None
    title = say(said["title"], data, actor_name)[: render.TITLE_LENGTH]
    message = say(said.get("message", ""), data, actor_name)[: render.MESSAGE_LENGTH]
    return render.Wording(title, message, None)


def name(own: Own) -> str | None:
    """What the type is called in the reader's language, else in another; None without a name."""
    here = own.words.get(i18n.current_locale()) or {}
    return here.get("name") or next((s["name"] for s in own.words.values() if s.get("name")), None)


def mistakes(text: str) -> list[str]:
    """What is wrong with a text, in the language of the page; [] when nothing is."""
    return list(_mistakes(text))


def _mistakes(text: str) -> Iterator[str]:
    for slot in _SLOT.finditer(text):
        field, colon, form = slot[1].partition(":")
        if not _FIELD.fullmatch(field):
            yield _("%(slot)s names no field: write for example {customer} or {client.name}.") % {
                "slot": slot[0]
            }
        if colon and form not in FORMATS:
            known = ", ".join(FORMATS)
            yield _("%(slot)s has an unknown format: use one of %(known)s.") % {
                "slot": slot[0],
                "known": known,
            }
    if re.search(r"[{}]", _SLOT.sub("", text)):
        yield _("A brace is left over: each { needs its }.")


def _filled(slot: str, data: Any, actor_name: str | None) -> str:
    field, _colon, form = slot.partition(":")
    if field == "actor":
        return actor_name or MISSING
    value = render.pick(data, field)
    if value is None or not _FIELD.fullmatch(field):
        return MISSING
    if form == "money":
        return i18n.money(value, render.pick(data, "currency"))
    return FORMATS.get(form or "text", str)(value)
