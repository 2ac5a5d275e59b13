"""A stream: one open connection of one reader, as a cursor into that reader's inbox."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from campana.frames import Format
from campana.moment import Moment

WINDOW = 64 * 1024
"""Bytes that may wait for one reader; more is read from the database when these have gone."""

_CURSOR = re.compile(r"([0-9a-f]{1,32})-(0|[1-9][0-9]{0,17})")


class Transport(Protocol):
    """The part of asyncio's transport that a stream uses."""

    def write(self, data: bytes) -> None: ...
    def is_closing(self) -> bool: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def get_write_buffer_size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose inbox, by which right: checked when the stream opens and every few seconds after."""

    tenant_id: UUID
    user_id: UUID
    auth_version: int
    credential: str
    credential_id: str
    role: str
    locale: str


class Client(NamedTuple):
    """Who is at the other end, for administrators: network address, User-Agent, since when."""

    address: str
    agent: str
    since: datetime


@dataclass(slots=True, eq=False)
class Stream:
    """asked: Last-Event-ID as it came. deadline: a monotonic time. cursor: the last seq written.

    unread, rev: what the reader was told last, -1 before that. since: it hears of what came after.
    missed_live: to be told so when there is room. stalled_…: for is_stuck() alone.
    is_begun: its headers are out. is_open: admitted and greeted. is_gone: the hub has forgotten it.
    Nothing is written before the first or after the last.
    """

    reader: Reader
    form: Format
    transport: Transport
    chunked: bool
    asked: str | None
    deadline: float
    is_begun: bool = False
    is_open: bool = False
    is_gone: bool = False
    cursor: int = 0
    unread: int = -1
    rev: int = -1
    since: Moment | None = None
    missed_live: bool = False
    stalled_since: float = 0.0
    stalled_at: int = 0
    client: Client | None = None

    def write(self, *pieces: bytes) -> None:
        """One write, framed as an HTTP chunk where the connection is chunked."""
        if self.is_begun and not self.is_gone and not self.transport.is_closing():
            if self.chunked:
                pieces = (b"%x\r\n" % sum(map(len, pieces)), *pieces, b"\r\n")
            self.transport.write(b"".join(pieces))

    @property
    def waiting(self) -> int:
        """Bytes the reader has not taken yet."""
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()

    def is_stuck(self, now: float, patience: float) -> bool:
        """Whether the reader took nothing for `patience` seconds; ask about once a second."""
        waiting = self.waiting
        if waiting == 0 or waiting < self.stalled_at or not self.stalled_since:
            self.stalled_since = now
        self.stalled_at = waiting
        return waiting > 0 and now - self.stalled_since > patience

    def end(self) -> None:
        """End the response and, when all of it has left, the connection."""
        if self.is_begun and not self.transport.is_closing():
            if self.chunked:
                self.transport.write(b"0\r\n\r\n")
            self.transport.close()


Connected = Mapping[UUID, Mapping[UUID, Sequence[Stream]]]
"""Streams by tenant and user."""


def cursor_of(asked: str | None, epoch: str, head: int, floor: int) -> tuple[int, bool]:
    """Where to go on from `Last-Event-ID`: (sequence number, whether something may be missing)."""
    if not asked:
        return head, False
    match = _CURSOR.fullmatch(asked)
    if match is None or match[1] != epoch:
        return head, True
    seq = int(match[2])
    return (seq, False) if floor <= seq <= head else (head, True)
