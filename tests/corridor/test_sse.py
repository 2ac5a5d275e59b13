"""The tests' own ear hears right, or nothing below could be believed."""

from __future__ import annotations

import random

from tests.sse import Message, Parser

STREAM = (
    b'retry: 1500\n\nid: ab-3\nevent: hello\ndata: {"seq":3,"name":"\xc3\x81rbol"}\n\n'
    b': hb\n\nevent: notification\nid: ab-4\ndata: {"seq":4}\n\n'
    b'event: unread\ndata: {"count":1}\n\n'
)
HEARD = [
    Message("hello", {"seq": 3, "name": "Árbol"}, "ab-3"),
    Message("notification", {"seq": 4}, "ab-4"),
    Message("unread", {"count": 1}),
]


def test_messages_are_the_same_however_the_bytes_arrive() -> None:
    dice = random.Random(1)
    for _ in range(50):
        parser, heard, rest = Parser(), [], STREAM
        while rest:
            size = dice.randint(1, 9)
            heard += parser.feed(rest[:size])
            rest = rest[size:]
        assert heard == HEARD
        assert (parser.last_id, parser.comments) == ("ab-4", 1)


def test_only_a_finished_message_moves_the_place() -> None:
    parser = Parser("ab-1")
    for cut in range(len(STREAM)):
        parser = Parser("ab-1")
        finished = list(parser.feed(STREAM[:cut]))
        ids = [message.id for message in finished if message.id]
        assert parser.last_id == (ids[-1] if ids else "ab-1")
