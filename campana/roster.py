"""The roster: tells administrators, on whatever process they ask, who is connected to this one.

About once a second it compares the hub's streams with those it has told, and writes the
difference to campana.connection in one trip; that also says that this process lives, and brings
the streams that an administrator wants closed. Opening a stream waits for none of it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from campana.db import Database
from campana.hub import Hub
from campana.queries import queries
from campana.repeating import for_ever
from campana.stream import Stream
from campana.tally import Tally

EVERY = 1.0
AT_ONCE = 500
"""Streams told in one trip: when thousands come at once, it takes as many seconds."""
FORGET_EVERY = 15
"""Trips after which this process looks for others that have died …"""
SILENCE = timedelta(seconds=15)
"""… and not been heard of for so long."""
COME_BACK = 30_000
"""Milliseconds that the reader of a closed stream should wait."""


class Roster:
    """What has been told of this process's streams."""

    def __init__(self, db: Database, hub: Hub, tally: Tally) -> None:
        self._db = db
        self._hub = hub
        self._tally = tally
        self._id = uuid4()
        self._name = f"{_host()}:{os.getpid()}"
        self._told: dict[Stream, UUID] = {}
        self._trips = 0

    async def run(self) -> None:
        """Until cancelled."""
        await for_ever(self.tell, every=EVERY, trouble="roster.trouble")

    async def tell(self) -> None:
        """Who has come and gone; closes what is to be closed."""
        present = set(self._hub.streams())
        come = [stream for stream in present if stream.is_open and stream not in self._told]
        new = {stream: uuid4() for stream in come[:AT_ONCE]}
        gone = [stream for stream in self._told if stream not in present]
        async with self._db.bus() as connection:
            row = await connection.fetchrow(
                queries.connections.tell.sql,
                self._id,
                self._name,
                [_row(stream, number) for stream, number in new.items()],
                [self._told[stream] for stream in gone],
            )
            assert row, "it always answers"
            await self._forget_others(connection)
        self._count_sent_away(gone)
        self._note(new, gone, is_new=row["is_new"])
        self._close(row["closing"] or ())

    async def retire(self) -> None:
        """This process leaves, and nobody is connected to it any more."""
        self._count_sent_away(self._told)
        async with self._db.bus() as connection:
            await connection.execute(queries.connections.retire.sql, self._id)

    def _count_sent_away(self, gone: Iterable[Stream]) -> None:
        """Pages say by themselves whether they were cut."""
        now = monotonic()
        for stream in gone:
            if stream.form == "json" and (now >= stream.deadline or self._hub.draining):
                self._tally.sent_away(stream.reader.tenant_id)

    def _note(self, new: dict[Stream, UUID], gone: list[Stream], *, is_new: bool) -> None:
        """is_new: what was told earlier has been lost, in a crash of the server, say; it is told
        again from the next trip on."""
        if is_new:
            self._told = new
            return
        self._told |= new
        for stream in gone:
            del self._told[stream]

    async def _forget_others(self, connection: Any) -> None:
        self._trips += 1
        if self._trips % FORGET_EVERY == 1:
            await connection.execute(queries.connections.forget_processes.sql, SILENCE)

    def _close(self, ids: Iterable[UUID]) -> None:
        wanted = set(ids)
        for stream in [stream for stream, number in self._told.items() if number in wanted]:
            if not stream.is_gone:
                self._hub.close(stream, "closed", retry=COME_BACK)


async def has_neighbours(db: Database) -> bool:
    """Whether processes of this installation live on this host."""
    async with db.bus() as connection:
        return bool(await connection.fetchval(queries.connections.has_neighbours.sql, _host()))


def _host() -> str:
    return socket.gethostname()[:60]


def _row(stream: Stream, number: UUID) -> dict[str, Any]:
    reader, client = stream.reader, stream.client
    return {
        "id": str(number),
        "tenant_id": str(reader.tenant_id),
        "user_id": str(reader.user_id),
        "kind": stream.form,
        "credential": reader.credential,
        "key_id": None if reader.credential == "session" else reader.credential_id or None,
        "address": client.address if client else "",
        "agent": client.agent if client else "",
        "since": (client.since if client else datetime.now(UTC)).isoformat(),
    }
