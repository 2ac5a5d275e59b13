"""The load generator, a process of its own: `python -m bench.load`.

Takes commands as JSON lines on standard input (open, begin, end, close) and answers on standard
output; says by itself `{"reached": n}` when every subscriber has everything up to number n.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

from bench.wire import KINDS, NUMBERS, Subscriber

BUFFER = 256 * 1024
OPENING_AT_ONCE = 64


class Load:
    """All subscribers of one contestant, behind one epoll."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.epoll.register(0, select.EPOLLIN)
        self.subscribers: dict[int, tuple[socket.socket, Subscriber]] = {}
        self.buffer = bytearray(BUFFER)
        self.view = memoryview(self.buffer)
        self.commands = b""
        self.bytes = self.first = self.every = 0
        self.reached: Counter[int] = Counter()
        self.samples: array[int] | None = None
        self.clock = self.cpu = 0.0

    def run(self) -> None:
        """Until told to close, or until the parent is gone."""
        while True:
            for fd, _ in self.epoll.poll(1.0, 2048):
                if fd:
                    self.receive(fd)
                elif not self.listen():
                    return

    def turn(self, seconds: float) -> None:
        """One look at the sockets while a command waits for something."""
        for fd, _ in self.epoll.poll(seconds, 2048):
            if fd:
                self.receive(fd)

    def receive(self, fd: int) -> None:
        connection, subscriber = self.subscribers[fd]
        try:
            size = connection.recv_into(self.view)
        except BlockingIOError:
            return
        except ConnectionError:
            size = 0
        if not size:
            subscriber.faults.append("closed by the server")
            self.epoll.unregister(fd)
            return
        self.bytes += size
        before = subscriber.due
        answer = subscriber.feed(bytes(self.view[:size]), time.monotonic_ns())
        if answer:
            connection.sendall(answer)
        if self.every and subscriber.due != before:
            self.count(before, subscriber.due)

    def count(self, before: int, after: int) -> None:
        """Notes which multiples of `every` this subscriber passed; the last one to pass tells."""
        everyone = len(self.subscribers)
        start = (before - self.first) // self.every
        for step in range(start + 1, (after - self.first) // self.every + 1):
            self.reached[step] += 1
            if self.reached[step] == everyone:
                tell(reached=self.first + step * self.every - 1)

    def listen(self) -> bool:
        """Carries out what came on standard input; False at its end."""
        data = os.read(0, 1 << 20)
        *lines, self.commands = (self.commands + data).split(b"\n")
        for line in lines:
            command: dict[str, Any] = json.loads(line)
            getattr(self, "do_" + command.pop("do"))(**command)
        return bool(data)

    def do_open(self, kind: str, host: str, port: int, requests: list[str], timeout: float) -> None:
        """Opens one stream per request, some dozens at a time, each waited for."""
        start = time.monotonic()
        waiting: set[int] = set()
        for index, request in enumerate(requests):
            waiting.add(self.connect(KINDS[kind](f"{index + 1}"), host, port, request))
            while len(waiting) >= OPENING_AT_ONCE:
                waiting = self.still_opening(waiting, start + timeout)
        while waiting:
            waiting = self.still_opening(waiting, start + timeout)
        tell(opened=len(requests), seconds=time.monotonic() - start, faults=self.faults())

    def connect(self, subscriber: Subscriber, host: str, port: int, request: str) -> int:
        connection = socket.create_connection((host, port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request.encode())
        connection.setblocking(False)
        self.subscribers[connection.fileno()] = (connection, subscriber)
        self.epoll.register(connection.fileno(), select.EPOLLIN)
        return connection.fileno()

    def still_opening(self, waiting: set[int], deadline: float) -> set[int]:
        self.turn(0.1)
        late = time.monotonic() > deadline
        for fd in waiting:
            subscriber = self.subscribers[fd][1]
            if late and not subscriber.ready:
                subscriber.faults.append("not open in time")
        return {fd for fd in waiting if not self.settled(fd)}

    def settled(self, fd: int) -> bool:
        subscriber = self.subscribers[fd][1]
        return subscriber.ready or bool(subscriber.faults)

    def do_begin(self, first: int, every: int, latency: bool, spread: bool) -> None:
        """From here on numbers count. `spread`: each event goes to one, in turn."""
        everyone = [subscriber for _, subscriber in self.subscribers.values()]
        self.samples = array("q") if latency else None
        NUMBERS.reach(first + 100_000)
        for place, subscriber in enumerate(everyone):
            subscriber.due = first + (place if spread else 0)
            subscriber.stride = len(everyone) if spread else 1
            subscriber.samples = self.samples
        self.first, self.every, self.bytes = first, 0 if spread else every, 0
        self.reached.clear()
        self.clock, self.cpu = time.monotonic(), time.process_time()
        tell(began=first)

    def do_end(self, last: int, timeout: float, linger: float, samples_to: str | None) -> None:
        """Waits until all have all up to `last`, listens on for doubles, and gives the account."""
        deadline = time.monotonic() + timeout
        while self.missing(last) and time.monotonic() < deadline:
            self.turn(0.05)
        cpu, wall = time.process_time() - self.cpu, time.monotonic() - self.clock
        quiet = time.monotonic() + linger
        while time.monotonic() < quiet:
            self.turn(0.05)
        if samples_to and self.samples is not None:
            with Path(samples_to).open("wb") as file:
                self.samples.tofile(file)
        tell(
            ended=last,
            missing=self.missing(last),
            faults=self.faults(),
            bytes=self.bytes,
            cpu_seconds=cpu,
            wall_seconds=wall,
        )

    def missing(self, last: int) -> int:
        """How many deliveries up to `last` have not arrived yet."""
        return sum(
            max(0, (last - subscriber.due) // subscriber.stride + 1)
            for _, subscriber in self.subscribers.values()
        )

    def faults(self) -> list[str]:
        """The first faults by name; the last entry tells how many there were."""
        found = [
            f"subscriber {subscriber.name}: {fault}"
            for _, subscriber in self.subscribers.values()
            for fault in subscriber.faults
        ]
        return [*found[:10], f"{len(found)} faults"] if found else []

    def do_close(self) -> None:
        """Lets go of every stream."""
        for connection, _ in self.subscribers.values():
            connection.close()
        self.subscribers.clear()
        tell(closed=True)


def tell(**facts: object) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    gc.disable()
    Load().run()
