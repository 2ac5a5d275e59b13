"""Too many streams, slow readers, dead readers: each gets an answer, and nobody else notices."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiohttp.web import Request, RequestHandler
from aiohttp_session import Session

from campana import hub, outbox, wheel
from campana.live import AT_MOST
from campana.outgoing import LIVE_WINDOW
from campana.stream import WINDOW
from campana.users import Person
from handlers.event_stream import EventStream
from tests.corridor.conftest import (
    ear_of,
    everybody_hears,
    inbox_of,
    publish_event,
    signed_in_ear,
    until_dispatched,
)
from tests.sse import Message, Parser
from tests.waiting import PATIENCE, eventually

LARGE = {"blob": "x" * 30_000}


@pytest.fixture
def patient(monkeypatch):
    """`patient(seconds)`: how long readers may take nothing."""
    return lambda seconds: monkeypatch.setattr(wheel, "PATIENCE", seconds)


class SlowReader:
    """A client that takes bytes only when asked to, through as small a window as it can have.

    Speaks HTTP/1.0, so that what comes is the stream and nothing else.
    """

    def __init__(self, site: str, key: str, email: str, last_id: str | None = None) -> None:
        place = urlsplit(site)
        self.address = (place.hostname, place.port)
        self.request = (
            f"GET /api/stream?user={email} HTTP/1.0\r\nHost: {place.netloc}\r\nX-API-Key: {key}\r\n"
            + (f"Last-Event-ID: {last_id}\r\n" if last_id else "")
            + "\r\n"
        )
        self.messages: list[Message] = []
        self.parser = Parser()

    async def open(self) -> SlowReader:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, self.address)
        await loop.sock_sendall(self.socket, self.request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += await self._receive()
        head, _, rest = head.partition(b"\r\n\r\n")
        assert head.split()[1] == b"200", head
        assert b"chunked" not in head.lower()
        self.messages += self.parser.feed(rest)
        return self

    async def take(self) -> bool:
        """Some more of what waits; False when the server has closed or cut the connection."""
        received = await self._receive()
        self.messages += self.parser.feed(received)
        return bool(received)

    async def take_until(self, name: str, **fields) -> None:
        async with asyncio.timeout(PATIENCE):
            while not any(
                m.name == name and fields.items() <= m.data.items() for m in self.messages
            ):
                assert await self.take()

    async def _receive(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self.socket, 65_536)
        except ConnectionResetError:
            return b""

    @property
    def notifications(self) -> list:
        return [m.data for m in self.messages if m.name == "notification"]


@pytest.fixture
async def slow(site, cast):
    """`async with slow(member) as reader`: a slow reader that has heard hello."""

    @asynccontextmanager
    async def slow(member, last_id=None):
        reader = await SlowReader(site, cast.norte_key, member.email, last_id).open()
        await reader.take_until("hello")
        yield reader
        reader.socket.close()

    return slow


def waiting(corridor) -> int:
    return max((stream.waiting for stream in corridor.hub.streams()), default=0)


async def test_the_twenty_first_stream_of_a_person_is_refused(http, site, cast, corridor) -> None:
    def ana():
        return ear_of(http, site, cast.ana_admin, cast.norte_key)

    ears = await asyncio.gather(*[ana().open() for _ in range(25)])
    assert sorted(ear.status for ear in ears) == [200] * 20 + [429] * 5
    assert corridor.hub.count == 20

    answer = await http.get(
        f"{site}/api/stream", params={"user": cast.ana_admin.email}, headers=ana()._headers
    )
    assert answer.status == 429
    assert answer.content_type == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert (await answer.json())["code"] in ("too_many_streams", "too_many_requests")

    luis = await ear_of(http, site, cast.luis_colleague, cast.norte_key).open()
    assert luis.status == 200, "another person is welcome"

    leaving = next(ear for ear in ears if ear.is_open)
    await leaving.cut()
    await eventually(lambda: corridor.hub.count == 20)
    again = await ana().open()
    assert again.status == 200, "so is the same one when a stream has ended"
    for ear in (*ears, luis, again):
        await ear.cut()
    await eventually(lambda: corridor.hub.count == 0)
    assert corridor.hub.connected.by_user == {}, "nothing is kept of those who left"


async def test_a_reader_who_does_not_read_delays_nobody_and_is_sent_away(
    publish, listen, slow, cast, corridor, patient
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    async with slow(cast.ana_admin) as stuck:
        most = 0
        for number in range(60):
            event_id = await publish(title=f"large {number}", data=LARGE)
            await luis.hears("notification", id=str(event_id))
            most = max(most, waiting(corridor))
        await ana.hears("notification", title="large 59")
        assert corridor.hub.count == 3, "and it is still there"
        assert waiting(corridor) > 0, "with its buffers full"
        assert most < 2 * WINDOW + 2 * len(LARGE["blob"]), "of which no more is kept than a window"

        patient(0.5)
        await eventually(lambda: corridor.hub.count == 2)
        async with asyncio.timeout(PATIENCE):
            while await stuck.take():
                pass
        assert len(stuck.notifications) < 60

    async with slow(cast.ana_admin, last_id=stuck.parser.last_id) as again:
        await again.take_until("notification", title="large 59")
        heard = [n["title"] for n in stuck.notifications + again.notifications]
        assert heard == [f"large {number}" for number in range(60)]


async def test_a_reader_who_is_merely_slow_gets_everything_in_its_own_time(
    publish, slow, listen, cast, corridor, owner
) -> None:
    luis = await listen(cast.luis_colleague)
    async with slow(cast.ana_admin) as reader:
        for number in range(40):
            event_id = await publish(title=f"large {number}", data=LARGE)
            await luis.hears("sale:created", id=str(event_id))
        await everybody_hears(publish, [luis])
        await eventually(lambda: waiting(corridor) > 0)

        await reader.take_until("notification", title="the end")
        rows = await inbox_of(owner, cast.ana_admin)
        assert [(n["id"], n["seq"]) for n in reader.notifications] == [
            (str(row["id"]), row["seq"]) for row in rows
        ]
        await reader.take_until("unread", count=41)
        live = [m for m in reader.messages if m.name == "sale:created"]
        assert len(live) < 40, "live messages are not kept for the slow"
        await reader.take_until("resync", scope="live")
        assert not [m for m in luis.messages if m.name == "resync"]


async def test_a_burst_of_large_live_messages_is_bounded_too(
    dsn, publish, listen, slow, cast, corridor, owner
) -> None:
    luis = await listen(cast.luis_colleague)
    async with slow(cast.ana_admin) as reader:
        await owner.execute(
            "select publish_event(tenant => 'norte', type => 'calendar:refresh', audience => 'all',"
            " data => jsonb_build_object('blob', repeat('x', 30000))) from generate_series(1, $1)",
            AT_MOST // 2,
        )
        most = []

        def all_is_told() -> bool:
            most.append(waiting(corridor))
            told = len(luis.named("calendar:refresh")) == AT_MOST // 2
            return bool(luis.named("resync")) or told

        await eventually(all_is_told)
        assert max(most) <= LIVE_WINDOW < AT_MOST // 2 * len(LARGE["blob"])
        await reader.take_until("resync", scope="live")


def kept() -> int:
    """How much that only the answering of a request needs is in memory."""
    needed = (Person, Session, Request, RequestHandler, EventStream)
    gc.collect()
    return sum(type(one) in needed for one in gc.get_objects())


async def test_an_open_stream_keeps_nothing_of_how_it_was_asked_for(
    db, http, site, cast, corridor
) -> None:
    before = kept()
    ear, _ = await signed_in_ear(db, http, site, cast.ana_admin)
    assert corridor.hub.count == 1
    assert kept() == before
    await ear.cut()


@asynccontextmanager
async def line(site, cast, email, more=b""):
    """A connection that asks for a stream, and for `more` at once; hello has been heard."""
    place = urlsplit(site)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(
        f"GET /api/stream?user={email} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"X-API-Key: {cast.norte_key}\r\n\r\n".encode()
        + more
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in head
    await reader.readuntil(b"event: hello")
    yield reader, writer
    writer.close()


@pytest.mark.settings(stream_lifetime_seconds=1)
async def test_a_stream_ends_as_an_answer_should_and_its_connection_with_it(site, cast) -> None:
    async with line(site, cast, cast.ana_admin.email) as (reader, _), asyncio.timeout(PATIENCE):
        rest = await reader.read()
        assert b"event: bye" in rest
        assert rest.endswith(b"\r\n0\r\n\r\n")


async def test_a_stream_sent_away_before_it_opens_ends_at_once(
    site, http, cast, corridor, monkeypatch
) -> None:
    register = corridor.hub.register

    def register_and_close(stream) -> None:
        register(stream)
        corridor.hub.close(stream, "signed_out")

    monkeypatch.setattr(corridor.hub, "register", register_and_close)
    ear = await ear_of(http, site, cast.ana_admin, cast.norte_key).open()
    assert ear.status == 200
    await ear.ended()
    assert ear.messages == []


async def test_what_else_is_asked_on_the_line_of_a_stream_is_not_heard(
    site, cast, publish, corridor
) -> None:
    more = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" * 500
    async with line(site, cast, cast.ana_admin.email, more) as (reader, writer):
        writer.write(more)
        await publish(title="all the same")
        async with asyncio.timeout(PATIENCE):
            heard = await reader.readuntil(b"all the same")
        assert b"HTTP/1.1" not in heard
    await eventually(lambda: corridor.hub.count == 0)


async def test_whoever_vanishes_is_forgotten(listen, cast, corridor) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    assert corridor.hub.count == 2
    await ana.cut()
    await eventually(lambda: corridor.hub.count == 1)
    assert luis.is_open
    assert list(corridor.hub.connected.by_user[cast.norte]) == [cast.luis_colleague.id]


@pytest.mark.settings(heartbeat_seconds=1)
async def test_silence_never_lasts_longer_than_a_heartbeat(site, cast, slow) -> None:
    async with slow(cast.ana_admin) as reader:
        for _ in range(2):
            before = reader.parser.comments
            async with asyncio.timeout(10):  # others are 15 s apart
                while reader.parser.comments == before:
                    assert await reader.take()


@pytest.mark.settings(stream_lifetime_seconds=1)
async def test_streams_are_mortal_and_their_readers_come_back_to_where_they_were(
    publish, listen, owner, cast
) -> None:
    ana = await listen(cast.ana_admin)
    await ana.ended()
    assert ana.messages[-1] == Message("bye", {"reason": "lifetime"})
    await publish(title="meanwhile")
    await until_dispatched(owner)  # or the next one may be over before it comes
    await ana.returns()
    assert (await ana.hears("notification", title="meanwhile")).data["seq"] == 1


async def test_leaving_says_bye_to_all_and_takes_no_new_reader(
    publish, listen, cast, corridor, http, site
) -> None:
    ears = [await listen(member) for member in (cast.ana_admin, cast.luis_colleague)]
    await corridor.drain()
    for ear in ears:
        await ear.ended()
        assert ear.messages[-1] == Message("bye", {"reason": "leaving"})
    assert corridor.hub.count == 0
    late = await ear_of(http, site, cast.ana_admin, cast.norte_key).open()
    assert late.status == 503


async def test_nobody_waits_for_ever_where_more_have_news_than_one_tick_serves(
    listen, dsn, cast, monkeypatch
) -> None:
    monkeypatch.setattr(hub, "AT_ONCE", 1)
    monkeypatch.setattr(outbox, "MOSTLY_HERE", 0)  # as where another process dispatches
    people = (cast.ana_admin, cast.luis_colleague, cast.rosa_colleague, cast.carlos_cook)
    ears = [await listen(member) for member in people * 2]

    async def program() -> None:
        connection = await asyncpg.connect(dsn)
        while not all(ear.notifications for ear in ears):
            await publish_event(connection)
        await connection.close()

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*[program() for _ in range(4)])
