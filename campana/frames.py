"""Frames: Server-Sent Events as bytes, rendered once per event, language, format and channels,
then shared.

Per reader only the cursor, the sequence number and the read state are put in.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from campana import render
from campana.channels import TOAST, names
from campana.words import actions_for, words_for

Format = Literal["json", "html"]

HEARTBEAT = b": hb\n\n"
RESYNC_LIVE = b'event: resync\ndata: {"scope":"live"}\n\n'
_RESYNC_ALL = b'event: resync\ndata: {"scope":"all"}\n\nid: %b-%d\n\n'


class EventFrames:
    """One event, ready to be sent to anybody who may have it."""

    __slots__ = ("_event", "_live", "_notifications")

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self._live: dict[str, bytes] = {}
        self._notifications: dict[tuple[Format, str, int], tuple[bytes, bytes]] = {}

    def notification(self, form: Format, locale: str, mask: int) -> tuple[bytes, bytes]:
        """Everything after `seq`, for readers with these channels: (still unread, already read).

        Without the toast's bit a page is given none: the notification arrives without a word.
        """
        key = (form, locale, mask)
        found = self._notifications.get(key)
        if found is None:
            tail = b'"id":"%b",' % str(self._event["id"]).encode() + self._tail(form, locale, mask)
            found = (b',"isRead":false,' + tail, b',"isRead":true,' + tail)
            self._notifications[key] = found
        return found

    def live(self, locale: str) -> bytes:
        """The live message, named by its type."""
        found = self._live.get(locale)
        if found is None:
            body = {"id": str(self._event["id"])} | self._facts(locale)
            body["actor"] = self._event.get("actor")
            found = message(self._event["type"], body)
            self._live[locale] = found
        return found

    def _tail(self, form: Format, locale: str, mask: int) -> bytes:
        body = self._facts(locale)
        body["channels"] = names(mask)
        body["actions"] = actions_for(self._event.get("actions"), locale)
        if form == "html":
            if mask & TOAST:
                body["toast"] = self._toast(body, locale)
            del body["data"]
        return orjson.dumps(body)[1:] + b"\n\n"

    def _toast(self, body: Mapping[str, Any], locale: str) -> str:
        """With this event's id, which with_other_id() finds where the notification has another."""
        icon = words_for(self._event["words"], locale).get("icon")
        shown = {**self._event, **body, "id": str(self._event["id"]), "icon": icon}
        return render.toast(shown, locale)

    def _facts(self, locale: str) -> dict[str, Any]:
        event = self._event
        words = words_for(event["words"], locale)
        return {
            "type": event["type"],
            "title": words.get("title") or "",
            "message": words.get("message") or "",
            "priority": event["priority"],
            "variant": event["variant"],
            "data": event["data"],
            "url": words.get("url") or event.get("url"),
            "subject": event.get("subject"),
            "createdAt": event["published_at"].isoformat(),
        }


def from_payload(payload: dict[str, Any]) -> EventFrames:
    """Frames of an event as its signal carries it (campana.live_payload)."""
    published = datetime.fromisoformat(payload.pop("publishedAt"))
    payload["published_at"] = published.astimezone(UTC)  # as the event's own row tells it
    return EventFrames(payload)


def message(name: str, body: Mapping[str, Any]) -> bytes:
    """A message without an id; JSON has no line breaks, so one data line is enough."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(body))


def hello(epoch: str, cursor: int, body: Mapping[str, Any], *, lost: bool) -> bytes:
    """The first message, with the cursor served from as its id.

    lost: something may have been missed, and `resync` follows. Until that has arrived whole the
    cursor has a leading zero, which the server does not take back (stream.cursor_of): cut in
    between, the reader is told again.
    """
    start = b"id: %b-%b%d\n" % (epoch.encode(), b"0" if lost else b"", cursor)
    end = _RESYNC_ALL % (epoch.encode(), cursor) if lost else b""
    return start + message("hello", body) + end


def unread(count: int, rev: int, form: Format, locale: str) -> bytes:
    """The badge; for pages with its HTML."""
    if form == "json":
        return b'event: unread\ndata: {"count":%d,"rev":%d}\n\n' % (count, rev)
    return message("unread", {"count": count, "rev": rev, "badge": render.badge(count, locale)})


def with_other_id(tail: bytes, event_id: UUID, notification_id: UUID) -> bytes:
    """A collapsed notification keeps its first id while it shows a newer event's words."""
    return tail.replace(str(event_id).encode(), str(notification_id).encode())
