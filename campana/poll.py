"""Polling: what is new since a cursor as one finite answer, in the stream's own format.

For browsers and networks that cannot stream. `signal`, from the last hello, also gets the live
messages committed since, exactly, for as long as they are kept.
"""

import asyncpg

from campana import frames
from campana.errors import Unauthorized
from campana.frames import Format
from campana.hearers import heard_by
from campana.hub import Hub
from campana.live import signal_of
from campana.moment import Moment
from campana.queries import queries
from campana.stream import Reader, Stream

AT_MOST = 200
"""Live messages in one answer; who missed more fetches again."""
KEPT_SECONDS = 50
"""Live messages are kept for 60; what was committed late may be older than it looks."""


class _Answer:
    """Takes what a stream would write."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.parts.append(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def abort(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0


async def poll(
    hub: Hub, reader: Reader, form: Format, asked: str | None, signal: str | None
) -> bytes:
    """The answer's body: hello, notifications after the cursor (at most a window), live messages.

    Raises Unauthorized when the right to read has gone meanwhile, TooMany for who did too much.
    """
    hub.shut_out.refuse(reader.user_id)
    answer = _Answer()
    stream = Stream(reader, form, answer, chunked=False, asked=asked, deadline=0)
    hello = await hub.admit_one(stream)
    if hello is None:
        hub.shut_out.refuse(reader.user_id)
        raise Unauthorized("Sign in again.", code="session_ended")
    answer.write(hello)
    live, missed = await _live(hub, stream, signal)
    due = (await hub.news.read([stream], hub.epoch))[stream]
    answer.parts += due.pieces(stream)
    answer.parts += live
    if missed:
        answer.write(frames.RESYNC_LIVE)
    return b"".join(answer.parts)


async def _live(hub: Hub, stream: Stream, signal: str | None) -> tuple[list[bytes], bool]:
    if signal is None:
        return [], False
    then, now = Moment.read(signal), stream.since
    if then is None or now is None or then.end > now.end or now.second - then.second > KEPT_SECONDS:
        return [], True
    tenant_id, stream.since = stream.reader.tenant_id, None
    try:
        async with hub.db.bus() as connection:
            rows = await connection.fetch(
                queries.hub.signals_since.sql, tenant_id, then.snapshot, now.snapshot, AT_MOST
            )
    except asyncpg.DataError:  # numbers that no server gave out
        return [], True
    signals = [signal_of(dict(row)) for row in rows]
    heard = await heard_by(hub.db, signals, {tenant_id: {stream.reader.user_id: [stream]}})
    return heard.get(stream, []), len(rows) == AT_MOST
