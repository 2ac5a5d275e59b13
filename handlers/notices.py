"""What was just done to notifications, with a way to take it back where there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from aiohttp import web

from campana.render import partial

Done = Literal["read", "unread", "deleted", "restored", "muted", "unmuted"]
OPPOSITE = {
    "read": "unread",
    "unread": "read",
    "deleted": "restore",
    "muted": "unmute",
    "unmuted": "mute",
}
PAGE = "/notifications"
MOST_IDS = 100
MOST_IN_ADDRESS = 20
LONGEST_IN_ADDRESS = 1_000
SAID = ("done", "count", "ids", "seqs")
"""What an address says of what was done."""
SEQS = re.compile(r"\{(?:\[[0-9]{1,19},[0-9]{1,19}\),?){1,500}\}")
"""Ranges as PostgreSQL writes them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """done to `count` notifications: those with these ids, or all in `seqs` (inbox.Change).

    muted, unmuted: the subject of the one with this id.
    """

    done: Done
    count: int
    ids: Sequence[UUID] = field(default_factory=list)
    seqs: str = ""

    @property
    def undo(self) -> str | None:
        """The verb that takes it back."""
        return OPPOSITE.get(self.done) if self.ids or self.seqs else None

    @property
    def fragment(self) -> str:
        """For htmx: fills the notice of whatever page has one."""
        return partial("notifications/_noticed.html", notice=self) if self.count else ""

    def carried_to(self, response: web.StreamResponse) -> web.StreamResponse:
        """The redirect, saying it by its address, where it leads to the page of notifications."""
        parts = urlsplit(response.headers.get("Location", ""))
        if parts.path != PAGE or not self.count:
            return response
        kept = [(k, v) for k, v in parse_qsl(parts.query) if k not in SAID]
        ids = ",".join(one.hex for one in self.ids) if len(self.ids) <= MOST_IN_ADDRESS else ""
        seqs = self.seqs if len(self.seqs) <= LONGEST_IN_ADDRESS else ""
        said = [*kept, *zip(SAID, (self.done, str(self.count), ids, seqs), strict=True)]
        response.headers["Location"] = f"{PAGE}?{urlencode(said)}"
        return response


def read(done: Done | None, count: int, ids: str, seqs: str = "") -> Notice | None:
    """What an address says; None when it says nothing sensible."""
    try:
        named = [UUID(one) for one in ids.split(",") if one]
    except ValueError:
        return None
    if not done or not (count or named):
        return None
    spanned = seqs if SEQS.fullmatch(seqs) else ""
    return Notice(done, count or len(named), named[:MOST_IDS], spanned)
