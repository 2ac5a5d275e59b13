"""Subscribers as the load generator sees them: bytes in, every number checked, very little spent.

`feed()` takes what a socket gave and checks that each event carries the next running number
(and, for Campana, the next id of this user); counts and faults stay on the subscriber. The
payload has one `#`, right before its number: a peer's bytes are cut there and nowhere else.
"""

from __future__ import annotations

import re
from array import array

NUMBER = re.compile(rb"#n(\d{8})@(\d{19})")
HELLO = re.compile(rb'event: hello\ndata: [^\n]*"seq":(\d+)[^\n]*\n\n')
NOTIFICATION = b"event: notification\nid: "
UNEXPECTED = (b"event: resync", b"event: bye")
MARK = 10


class Marks(list[bytes]):
    """The byte strings expected for numbers 0, 1, 2 …, made once, shared by all subscribers."""

    def __init__(self, pattern: bytes) -> None:
        super().__init__()
        self.pattern = pattern

    def reach(self, number: int) -> None:
        """Makes sure that `number` is there."""
        while len(self) <= number:
            self.append(self.pattern % len(self))


NUMBERS = Marks(b"n%08d@")
IDS = Marks(b"-%d\n")


class Subscriber:
    """One connection: which number it must see next, and what went wrong so far."""

    __slots__ = ("due", "faults", "name", "ready", "samples", "stride", "tail")

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready = False
        self.tail = b""
        self.due = 0
        self.stride = 1
        self.faults: list[str] = []
        self.samples: array[int] | None = None

    def feed(self, data: bytes, now: int) -> bytes:
        """Takes received bytes; returns what to send back (only a handshake does)."""
        if not self.ready:
            return self.opening(data)
        if self.tail:
            data = self.tail + data
        parts = data.split(b"#")
        self.tail = b"#" + parts.pop() if len(parts[-1]) < MARK and len(parts) > 1 else b""
        found = [part[:MARK] for part in parts[1:]]
        due = self.due + len(found)
        if self.stride == 1 and found == NUMBERS[self.due : due]:
            self.due = due
        else:
            for mark in found:
                self.judge(mark)
        return b""

    def opening(self, data: bytes) -> bytes:
        """Bytes before the stream is open; returns what to send back."""
        raise NotImplementedError

    def body(self, data: bytes, status: bytes = b"200") -> bytes:
        """What has come so far after the response's head; a refusal must not look like silence."""
        self.tail += data
        head, found, body = self.tail.partition(b"\r\n\r\n")
        if found and not head.startswith(b"HTTP/1.1 " + status):
            self.faults.append(f"refused: {self.tail[:300].decode(errors='replace')!r}")
            return b""
        return body

    def opened(self, events: bytes) -> None:
        """From now on `feed()` counts, beginning with these."""
        self.ready, self.tail = True, b""
        self.feed(events, 0)

    def judge(self, mark: bytes) -> None:
        """One event by itself: in turn, or named and counted on from there."""
        number = int(mark[1:9])
        if number == self.due:
            self.due += self.stride
        elif number < self.due:
            self.faults.append(f"number {number} again, {self.due} was due")
        else:
            self.faults.append(f"number {number} came, {self.due} missing")
            self.due = number + self.stride


class EventSource(Subscriber):
    """Server-sent events of a peer; open when the response's head and a first comment are in."""

    __slots__ = ()

    def opening(self, data: bytes) -> bytes:
        _, greeted, events = self.body(data).partition(b"\n\n")
        if greeted:
            self.opened(events)
        return b""


class EngineIO(Subscriber):
    """Socket.IO over a bare websocket (Engine.IO 4): upgrade, `0` open, `40` connect."""

    __slots__ = ()

    def opening(self, data: bytes) -> bytes:
        frames = self.body(data, status=b"101")
        if b"40{" in frames:
            self.opened(b"")
        elif frames and b"0{" in data:
            return masked(b"40")
        return b""


class CampanaStream(Subscriber):
    """Campana's JSON stream: ids end in a number per user that must rise by one as well.

    Every event also travels as a live message without id; only notifications are counted.
    """

    __slots__ = ("seq",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.seq = -1

    def feed(self, data: bytes, now: int) -> bytes:
        if not self.ready:
            return self.opening(data)
        whole, _, self.tail = (self.tail + data).rpartition(b"\n\n")
        before, *notices = whole.split(NOTIFICATION)
        for notice in notices:
            self.seq += 1
            if not notice.startswith(IDS[self.seq], notice.find(b"-")):
                given = notice.partition(b"\n")[0].decode()
                self.faults.append(f"id …-{self.seq} was due, not {given}")
            at = notice.find(b"#") + 1
            if notice.startswith(NUMBERS[self.due], at):
                self.due += self.stride
            else:
                self.judge(notice[at : at + MARK])
            if self.samples is not None:
                self.samples.append(now - int(notice[at + MARK : at + MARK + 19]))
        for unexpected in UNEXPECTED:
            if unexpected in (notices[-1] if notices else before):
                self.faults.append(f"unexpected {unexpected.decode()}")
        return b""

    def opening(self, data: bytes) -> bytes:
        body = self.body(data)
        if hello := HELLO.search(body):
            self.seq = int(hello[1])
            IDS.reach(self.seq + 100_000)
            self.opened(body[hello.end() :])
        return b""


def masked(text: bytes) -> bytes:
    """A client's websocket text frame; a mask of zeros is a mask."""
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


KINDS: dict[str, type[Subscriber]] = {
    "eventsource": EventSource,
    "campana": CampanaStream,
    "engineio": EngineIO,
}
