"""Admission: may these streams be open, and where is each inbox? Asked again and again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from time import monotonic
from typing import Any
from uuid import UUID

from asyncpg import Record

from campana import frames, render
from campana.db import Tx
from campana.errors import TooMany
from campana.moment import Moment
from campana.queries import queries
from campana.stream import Stream, cursor_of


class ShutOut:
    """People who have done too much in this minute, by user id: until when they get no stream."""

    def __init__(self) -> None:
        self._until: dict[UUID, float] = {}

    def note(self, user_id: UUID, seconds: float) -> None:
        """From now on, for so long."""
        self._until[user_id] = monotonic() + seconds

    def refuse(self, user_id: UUID) -> None:
        """Raises TooMany with the time to wait for those."""
        left = self._until.get(user_id, 0) - monotonic()
        if left > 0:
            hint = "Wait as long as Retry-After says."
            raise TooMany("There were too many requests.", hint=hint, retry_after=ceil(left))
        self._until.pop(user_id, None)


async def allowed(tx: Tx, streams: Sequence[Stream], shut_out: ShutOut) -> dict[Stream, Record]:
    """Heads (seq, unread, rev, floor) and locales of those that may be open; no others.

    shut_out: learns who of the others has merely done too much.
    """
    readers = [stream.reader for stream in streams]
    rows = await tx.fetch(
        queries.hub.admit.sql,
        [reader.tenant_id for reader in readers],
        [reader.user_id for reader in readers],
        [reader.auth_version for reader in readers],
        [reader.credential for reader in readers],
        [reader.credential_id for reader in readers],
    )
    for row in rows:
        if row["over_for"] is not None:
            shut_out.note(readers[row["ord"] - 1].user_id, row["over_for"])
    return {streams[row["ord"] - 1]: row for row in rows if row["over_for"] is None}


def follow(stream: Stream, head: Record) -> None:
    """Programs hear the language chosen meanwhile; a page keeps the one it is drawn in."""
    if stream.form == "json" and stream.reader.locale != head["locale"]:
        stream.reader = replace(stream.reader, locale=head["locale"])


def is_where(stream: Stream, head: Record) -> bool:
    """Whether the reader has been told everything up to this head."""
    told = stream.cursor, stream.unread, stream.rev
    return told == (head["seq"], head["unread"], head["rev"])


def greeting(stream: Stream, head: Record, epoch: str, moment: Moment | None) -> bytes:
    """Sets the stream's cursor from what it asked for; its hello."""
    stream.cursor, lost = cursor_of(stream.asked, epoch, head["seq"], head["floor"])
    stream.unread, stream.rev, stream.since = head["unread"], head["rev"], moment
    reader = stream.reader
    body: dict[str, Any] = {
        "userId": str(reader.user_id),
        "tenantId": str(reader.tenant_id),
        "role": reader.role,
        "timestamp": datetime.now(UTC).isoformat(),
        "seq": head["seq"],
        "unread": head["unread"],
        "rev": head["rev"],
        "signal": str(moment),
    }
    if stream.form == "html":
        body["badge"] = render.badge(head["unread"], reader.locale)
    return frames.hello(epoch, stream.cursor, body, lost=lost)
