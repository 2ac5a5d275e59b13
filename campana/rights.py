"""Rights: may these streams be open, and may they stay so?

Asked when they open, when somebody raises a doubt, and by sweeps; the answer is the database's.
"""

from collections.abc import Callable, Container, Iterable, Sequence

from asyncpg import Record

from campana import admission
from campana.db import Database
from campana.moment import Moment
from campana.queries import queries
from campana.stream import Stream

SWEPT = 100
"""Streams that a sweep asks about at once, in a millisecond or two."""


class Rights:
    """Of the streams of one hub. doubted: those who hear nothing until the database has answered.

    look_at: asks what is new for streams. send_away: ends one without the right to be open.
    """

    def __init__(
        self,
        db: Database,
        shut_out: admission.ShutOut,
        *,
        look_at: Callable[[Iterable[Stream]], None],
        send_away: Callable[[Stream], None],
    ) -> None:
        self._db = db
        self._shut_out = shut_out
        self._look_at = look_at
        self._send_away = send_away
        self.doubted: set[Stream] = set()

    def doubt(self, streams: Iterable[Stream], credential: str | None = None) -> None:
        """Their right may be gone; credential: only of those opened with this one."""
        self.doubted.update(s for s in streams if credential in (None, s.reader.credential_id))

    def forget(self, stream: Stream) -> None:
        """The connection is gone."""
        self.doubted.discard(stream)

    async def admit(self, opening: Sequence[Stream]) -> tuple[dict[Stream, Record], Moment | None]:
        """Heads of those that may be open, and the moment from which they hear; the others end."""
        async with self._db.bus() as connection:
            rows = await admission.allowed(connection, opening, self._shut_out)
            moment = Moment.read(await connection.fetchval(queries.hub.snapshot.sql))
        self._end_others(opening, rows)
        # Who was closed while we asked stays so: what we were told may be older.
        return {stream: row for stream, row in rows.items() if not stream.is_gone}, moment

    async def settle(self) -> None:
        """Ask about the doubted. Whoever is doubted again meanwhile is asked about again: the
        answer may be older."""
        asked = [*self.doubted]
        self.doubted.clear()
        try:
            await self._check(asked)
        except BaseException:
            self.doubted.update(stream for stream in asked if not stream.is_gone)
            raise

    async def sweep(self, streams: Sequence[Stream]) -> None:
        """Ask about all of these, a few at a time: whoever waits for news waits for no sweep."""
        for start in range(0, len(streams), SWEPT):
            await self._check([s for s in streams[start : start + SWEPT] if s.is_open])

    async def _check(self, streams: Sequence[Stream]) -> None:
        """End what may no longer be open; look at whoever is not where the database is."""
        async with self._db.bus() as connection:
            rows = await admission.allowed(connection, streams, self._shut_out)
        for stream, row in rows.items():
            admission.follow(stream, row)
            if stream.is_open and not admission.is_where(stream, row):
                self._look_at([stream])
        self._end_others(streams, rows)

    def _end_others(self, streams: Iterable[Stream], allowed: Container[Stream]) -> None:
        for stream in streams:
            if stream not in allowed and not stream.is_gone:
                self._send_away(stream)
