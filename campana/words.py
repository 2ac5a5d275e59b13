"""An event's words: title, message and link, once per language, stored with the event.

What the publisher wrote wins in every language; the rest comes from templates/messages, or for a
type that a tenant added from the words it has for it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from campana import i18n, render, type_words
from campana.type_words import Own
from campana.vocabulary import TYPES, action_in_words, type_in_words

Words = dict[str, dict[str, str | None]]
"""{"<locale>": {"title", "message", "url"}}; "" holds for every locale that is not named. Of a
tenant's own type also its icon."""


def is_own(event_type: str) -> bool:
    """Whether a tenant added this type, so that its words are the tenant's."""
    return event_type not in TYPES


def words_of(
    event: Mapping[str, Any],
    locales: Iterable[str],
    time_zone: str,
    actor_name: str | None = None,
    own: Own | None = None,
) -> Words:
    """The words of an outbox row (title, message, url, type, data, subject), by locale.

    time_zone: the tenant's, for times inside the words. own: what the tenant says of its type.
    A blank title counts as left out.
    """
    if (event["title"] or "").strip():
        url = event["url"] or _said(event, i18n.DEFAULT_LOCALE, time_zone, actor_name, own).url
        said = {"title": event["title"], "message": event["message"] or "", "url": url}
        return {"": said | _icon(own)}
    return {
        locale: _filled(event, _said(event, locale, time_zone, actor_name, own)) | _icon(own)
        for locale in sorted({*i18n.LOCALES, *locales})
    }


def words_for(words: Words, locale: str) -> dict[str, str | None]:
    """The words that a reader of `locale` gets."""
    return words.get(locale) or words.get("") or words.get("en") or next(iter(words.values()), {})


def actions_for(actions: Iterable[Mapping[str, Any]] | None, locale: str) -> list[dict[str, Any]]:
    """An event's actions as a reader of `locale` gets them: all with a label, what leads somewhere
    or does something with its method."""
    with i18n.use_locale(locale):
        return [_labelled(action) for action in actions or ()]


def _labelled(action: Mapping[str, Any]) -> dict[str, Any]:
    said = {**action, "label": action.get("label") or action_in_words(action["name"])}
    return said | {"method": action.get("method") or "get"} if action.get("url") else said


def _said(
    event: Mapping[str, Any], locale: str, time_zone: str, actor_name: str | None, own: Own | None
) -> render.Wording:
    with i18n.use_locale(locale, time_zone):
        if own and (said := type_words.words(own, event["data"], actor_name)):
            return said
        said = render.words(
            event["type"], data=event["data"], actor_name=actor_name, subject=event["subject"]
        )
        called = (own and type_words.name(own)) or type_in_words(event["type"])
        return said or render.Wording(called, "", None)


def _icon(own: Own | None) -> dict[str, str | None]:
    """Of a built-in type everybody knows it."""
    return {"icon": own.icon} if own and own.icon else {}


def _filled(event: Mapping[str, Any], said: render.Wording) -> dict[str, str | None]:
    message = said.message if event["message"] is None else event["message"]
    return {"title": said.title, "message": message, "url": event["url"] or said.url}
