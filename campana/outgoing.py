"""What one tick of a hub has for its streams: hellos, notifications, live messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from campana import frames
from campana.news import Part, taken_over
from campana.shares import Due
from campana.stream import Stream

LIVE_WINDOW = 1024 * 1024
"""Bytes of live messages for one stream in one tick; who would get more fetches again."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """hellos: of those who have just been admitted. asked: what was read from inboxes. handed:
    what a dispatcher handed over, for those who did not ask. heard: live messages."""

    hellos: dict[Stream, bytes]
    asked: dict[Stream, Due]
    handed: dict[Stream, list[Part]]
    heard: dict[Stream, list[bytes]]

    def streams(self) -> dict[Stream, None]:
        """Whoever gets something."""
        kinds = (self.hellos, self.asked, self.handed, self.heard)
        return {stream: None for kind in kinds for stream in kind}

    def lost_live(self, streams: Sequence[Stream]) -> None:
        """Live messages are gone for good: these are told to fetch again."""
        for stream in streams:
            self.heard.setdefault(stream, []).append(frames.RESYNC_LIVE)

    def withhold(self, stream: Stream) -> bytes | None:
        """Nothing for this one; its hello, if it was to get one."""
        for kind in (self.asked, self.handed, self.heard):
            kind.pop(stream, None)
        return self.hellos.pop(stream, None)

    def news_of(self, stream: Stream, epoch: bytes) -> tuple[Due | None, bool]:
        """What it is due of notifications, and whether there is more that it has to ask for."""
        if due := self.asked.get(stream):
            return due, due.more
        if parts := self.handed.get(stream):
            return taken_over(parts, stream, epoch)
        return None, False

    def live_of(self, stream: Stream) -> tuple[list[bytes], bool]:
        """The live messages that it has room for, and whether those were all."""
        messages = self.heard.get(stream)
        if not messages:
            return [], True
        fitting = _fitting(messages, 0 if stream.waiting else LIVE_WINDOW)
        return fitting, len(fitting) == len(messages)


def _fitting(messages: list[bytes], room: int) -> list[bytes]:
    """The first of these messages that are within `room` bytes together."""
    for number, message in enumerate(messages):
        room -= len(message)
        if room < 0:
            return messages[:number]
    return messages
