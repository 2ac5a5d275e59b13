"""Templates: the one environment, the fragments that travel on a stream, an event's words.

Everything is rendered for the reader set by `i18n.use_locale`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jinja2

from campana import i18n, offers
from campana.assets import asset
from campana.vocabulary import (
    mute_in_words,
    priority_choices,
    priority_in_words,
    reason_in_words,
    type_icon,
    type_in_words,
    variant_choices,
)

TEMPLATES = Path(__file__).parent.parent / "templates"
TITLE_LENGTH, MESSAGE_LENGTH = 200, 4000
MOST_SHOWN = 99


class Wording(NamedTuple):
    """What an event says in one language. `url` is a path of ours, or None."""

    title: str
    message: str
    url: str | None


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The environment of pages, fragments and words alike."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(("html", "xml"), default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # looking at the files again costs more than rendering
    )
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=i18n.gettext,
        ngettext=i18n.ngettext,
        pgettext=i18n.pgettext,
        npgettext=i18n.npgettext,
        newstyle=True,
    )
    env.filters.update(FILTERS)
    env.globals.update(
        asset=asset,
        pick=pick,
        listing=listing,
        now=lambda: dt.datetime.now(dt.UTC),
        languages=i18n.LANGUAGE_NAMES,
        priority_choices=priority_choices,
        variant_choices=variant_choices,
    )
    return env


def partial(template: str, **context: Any) -> str:
    """A fragment such as `notifications/_toast.html`, for the reader at hand."""
    return environment().get_template(template).render(context).strip()


@lru_cache(maxsize=4096)
def badge(count: int, locale: str) -> str:
    """The bell's badge: at most `99+` to see, the exact number to hear."""
    with i18n.use_locale(locale):
        return partial("notifications/_badge.html", unread=count)


def toast(event: Mapping[str, Any], locale: str) -> str:
    """The toast of an event (id, title, message, variant, priority, url, actions, type).

    The same for everybody who reads `locale`, so render it once and send it to all.
    """
    with i18n.use_locale(locale):
        return partial("notifications/_toast.html", t=event)


def words(
    event_type: str,
    *,
    data: Any = None,
    actor_name: str | None = None,
    subject: str | None = None,
) -> Wording | None:
    """What an event of a built-in type says, in the reader's language; None for another type.

    Publishers may leave anything out of `data` or put anything in: there is always a sentence.
    """
    template = _message_template(event_type)
    if template is None:
        return None
    context = template.new_context(
        {
            "data": data if isinstance(data, dict) else {},
            "actor_name": actor_name,
            "subject": subject or "",
            "locale": i18n.current_locale(),
        }
    )
    said = {name: "".join(block(context)).strip() for name, block in template.blocks.items()}
    title = _one_line(said.get("title", ""), TITLE_LENGTH)
    message = _one_line(said.get("message", ""), MESSAGE_LENGTH)
    return Wording(title or type_in_words(event_type), message, safe_link(said.get("url")))


def pick(data: Any, *names: str) -> Any:
    """The first of these fields that holds a plain value; `'client.name'` looks inside."""
    for name in names:
        value = data
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return value
    return None


def listing(data: Any, *names: str, most: int = 5) -> str:
    """The first of these fields that is a list, as `2 × pupusas, horchata, …`."""
    for name in names:
        value = data
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list) and value:
            items = [text for text in map(_item_in_words, value[:most]) if text]
            return ", ".join(items) + (", …" if len(value) > most else "")
    return ""


def safe_link(url: str | None) -> str | None:
    """The link if it leads to a path of ours or over http(s), else None."""
    if not url or re.search(r"[\x00-\x20\\]", url):
        return None
    if url.startswith("/"):
        return None if url.startswith("//") else url
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def buttons(actions: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    """Of an event's actions those that lead somewhere safe, or do what a business offers."""
    return [action for action in actions or () if _is_button(action)]


def shown_count(count: int) -> str:
    return str(count) if count <= MOST_SHOWN else f"{MOST_SHOWN}+"


def begun(text: str) -> str:
    """A part of a sentence that stands at its beginning."""
    return text[:1].upper() + text[1:]


def moment(value: Any) -> str:
    """A time as a reader likes it, from a datetime or the ISO text that JSON carries."""
    try:
        at = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        return i18n.date_and_time(at if at.tzinfo else at.replace(tzinfo=dt.UTC))
    except (AttributeError, OverflowError, ValueError):
        return str(value or "")


FILTERS = {
    "datetime": moment,
    "relative": i18n.relative,
    "money": i18n.money,
    "number": i18n.number,
    "reason": reason_in_words,
    "type_label": type_in_words,
    "priority_label": priority_in_words,
    "type_icon": type_icon,
    "mute_label": mute_in_words,
    "link": safe_link,
    "buttons": buttons,
    "begun": begun,
    "capped": shown_count,
    "bits": lambda mask, wanted: bool(mask & wanted),
}


def _is_button(action: Mapping[str, Any]) -> bool:
    known = offers.find if action.get("method") == "post" else safe_link
    return bool(known(action.get("url")))


@lru_cache(maxsize=128)
def _message_template(event_type: str) -> jinja2.Template | None:
    if not re.fullmatch(r"[a-z]+:[a-z_]+", event_type):
        return None
    try:
        return environment().get_template(f"messages/{event_type.replace(':', '-')}.txt")
    except jinja2.TemplateNotFound:
        return None


def _item_in_words(item: Any) -> str:
    name = pick(item, "name", "product", "nombre", "product.name")
    if name is None:
        return str(item) if isinstance(item, str | int | float) else ""
    quantity = pick(item, "quantity", "cantidad")
    return f"{i18n.number(quantity)} × {name}" if quantity is not None else str(name)


def _one_line(text: str, length: int) -> str:
    """One line without the gaps that missing data leaves, cut at a sign that says so."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
