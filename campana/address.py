"""Where a process listens: whether it can, and whether it may where somebody listens already.

Processes of one installation share an address (SO_REUSEPORT). Those of two would share it as well,
and who comes would be served by one and by the other in turn: `occupied`, then `shared`.
"""

import asyncio
import errno
import socket
from time import monotonic
from typing import Any

from campana import roster
from campana.db import Database
from campana.settings import Settings, SettingsError

PATIENCE = 3.0
"""Seconds in which a process that was started in the same moment has told that it lives."""
LOOK_AGAIN = 0.2


async def occupied(settings: Settings) -> bool:
    """Whether somebody listens there. Raises SettingsError where nobody can."""
    if settings.port == 0:
        return False
    return any(_is_occupied(family, place) for family, place in await _places(settings))


async def shared(db: Database, settings: Settings) -> None:
    """Raises SettingsError unless another process of this installation lives on this host."""
    deadline = monotonic() + PATIENCE
    while not await roster.has_neighbours(db):
        if monotonic() > deadline:
            raise SettingsError(
                f"PORT={settings.port}: another program listens there already: choose another PORT"
            )
        await asyncio.sleep(LOOK_AGAIN)


async def _places(settings: Settings) -> list[tuple[int, Any]]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError):
        raise SettingsError(f"HOST={settings.host}: no address is known by that name") from None
    return [(family, place) for family, _type, _protocol, _name, place in found]


def _is_occupied(family: int, place: Any) -> bool:
    """Without SO_REUSEPORT an address that is listened at is refused to everybody."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(place)
        except OSError as error:
            return _is_no_more_than_occupied(error, place)
    return False


def _is_no_more_than_occupied(error: OSError, place: Any) -> bool:
    host, port = place[:2]
    if error.errno == errno.EADDRNOTAVAIL:
        raise SettingsError(f"HOST={host}: this machine has no such address") from None
    if error.errno == errno.EACCES:
        raise SettingsError(f"PORT={port}: this account may not listen there") from None
    return error.errno == errno.EADDRINUSE
