"""The load generator must notice what it is there to notice."""

from bench import payload
from bench.wire import IDS, NUMBERS, CampanaStream, EngineIO, EventSource, Subscriber

HELLO = b'HTTP/1.1 200 OK\r\n\r\nid: e-0\nevent: hello\ndata: {"userId":"u","seq":0}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\n\r\n: hi\n\n"


def stream(seq: int, number: int) -> bytes:
    body = payload.encode(payload.event(number))
    live = b"event: announcement:published\ndata: " + body + b"\n\n"
    return b"event: notification\nid: e-%d\ndata: %b\n\n%b" % (seq, body, live)


def peer(number: int) -> bytes:
    return b"event: notification\ndata: " + payload.encode(payload.event(number)) + b"\n\n"


def fed(subscriber: Subscriber, data: bytes, size: int) -> Subscriber:
    NUMBERS.reach(100)
    IDS.reach(100)
    subscriber.due = 1
    for start in range(0, len(data), size):
        subscriber.feed(data[start : start + size], now=0)
    return subscriber


def test_everything_in_order_is_counted_however_the_bytes_are_cut():
    whole = HELLO + b"".join(stream(number, number) for number in range(1, 6))
    peers = HEAD + b"".join(peer(number) for number in range(1, 6))
    for size in (1, 7, 97, 541, 100_000):
        for subscriber in (
            fed(CampanaStream("c"), whole, size),
            fed(EventSource("p"), peers, size),
        ):
            assert subscriber.ready
            assert subscriber.due == 6
            assert subscriber.faults == []


def test_a_missing_event_is_named():
    for subscriber in (
        fed(CampanaStream("c"), HELLO + stream(1, 1) + stream(2, 3), 100_000),
        fed(EventSource("p"), HEAD + peer(1) + peer(3), 100_000),
    ):
        assert subscriber.faults == ["number 3 came, 2 missing"]


def test_an_event_that_comes_twice_is_named():
    for subscriber in (
        fed(CampanaStream("c"), HELLO + stream(1, 1) + stream(2, 1), 100_000),
        fed(EventSource("p"), HEAD + peer(1) + peer(1), 100_000),
    ):
        assert subscriber.faults == ["number 1 again, 2 was due"]


def test_an_id_out_of_turn_is_named():
    subscriber = fed(CampanaStream("c"), HELLO + stream(1, 1) + stream(3, 2), 100_000)
    assert subscriber.faults == ["id …-2 was due, not e-3"]


def test_a_refused_stream_is_named():
    refusal = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
    for subscriber in (CampanaStream("c"), EventSource("p"), EngineIO("s")):
        assert "429" in fed(subscriber, refusal, 100_000).faults[0]


def test_a_websocket_says_connect_and_counts_its_events():
    subscriber = EngineIO("s")
    head = b'HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x0a0{"sid":""}'
    assert subscriber.feed(head, 0).endswith(b"40")
    fed(subscriber, b'\x81\x0c40{"sid":"x"}', 100)
    assert subscriber.ready
    body = b'42["notification",' + payload.encode(payload.event(1)) + b"]"
    fed(subscriber, b"\x81\x7e" + len(body).to_bytes(2) + body, 100)
    assert (subscriber.due, subscriber.faults) == (2, [])
