"""What was just done to notifications, with a way to take it back where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from aiohttp import web

from campana.render import partial

Done = Literal["read", "unread", "deleted", "restored"]
OPPOSITE = {"read": "unread", "unread": "read", "deleted": "restore"}
PAGE = "/notifications"
PRIORITIES = ("urgent", "high", "medium", "low")
MOST_IDS = 100
MOST_IN_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """done to `count` notifications. ids: all of them, or none when they are too many to name."""

    done: Done
    count: int
    ids: Sequence[UUID] = field(default_factory=list)

    @property
    def undo(self) -> str | None:
        """The verb that takes it back."""
        return OPPOSITE.get(self.done) if self.ids else None

    @property
    def fragment(self) -> str:
        """For htmx: fills the notice of whatever page has one."""
        return partial("notifications/_noticed.html", notice=self) if self.count else ""

    def carried_to(self, response: web.StreamResponse) -> web.StreamResponse:
        """The redirect, saying it by its address, where it leads to the page of notifications."""
        parts = urlsplit(response.headers.get("Location", ""))
        if parts.path != PAGE or not self.count:
            return response
        kept = [(k, v) for k, v in parse_qsl(parts.query) if k not in ("done", "count", "ids")]
        ids = ",".join(one.hex for one in self.ids) if len(self.ids) <= MOST_IN_ADDRESS else ""
        said = [*kept, ("done", self.done), ("count", str(self.count)), ("ids", ids)]
        response.headers["Location"] = f"{PAGE}?{urlencode(said)}"
        return response


def read(done: Done | None, count: int, ids: str) -> Notice | None:
    """What an address says; None when it says nothing sensible."""
    try:
        named = [UUID(one) for one in ids.split(",") if one]
    except ValueError:
        return None
    return (
        Notice(done, count or len(named), named[:MOST_IDS]) if done and (count or named) else None
    )
