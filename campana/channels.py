"""Channels: the ways to reach somebody, each one bit of a preference mask. Listed here only.

What is not set up keeps its bit: it may be chosen, and nothing is sent by it.
"""

from __future__ import annotations

from typing import NamedTuple


class Channel(NamedTuple):
    """One way. name: as on the wire."""

    name: str
    bit: int
    is_set_up: bool


CHANNELS = tuple(
    Channel(name, 1 << place, is_set_up)
    for place, (name, is_set_up) in enumerate(
        (
            ("inbox", True),
            ("toast", True),
            ("sound", True),
            ("desktop", True),
            ("email", False),
            ("push", False),
            ("sms", False),
            ("whatsapp", False),
        )
    )
)
INBOX, TOAST, SOUND, DESKTOP, EMAIL, PUSH, SMS, WHATSAPP = (channel.bit for channel in CHANNELS)
ALL = sum(channel.bit for channel in CHANNELS)
INTERRUPTING = TOAST | SOUND | DESKTOP
"""What hours, pauses and mutes keep back; the row in the inbox is written at once all the same."""
DEFAULT = INBOX | INTERRUPTING
"""What a type uses when nobody says otherwise."""
BY_NAME = {channel.name: channel for channel in CHANNELS}


def names(mask: int) -> list[str]:
    """`["inbox", "toast"]` for 3."""
    return [channel.name for channel in CHANNELS if mask & channel.bit]
