"""Where a process may listen: one installation shares its address, two never do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from campana import address
from campana.corridor import Corridor
from campana.db import Database
from campana.settings import Settings, SettingsError
from tests.test_commands import campana


@contextmanager
def _somebody_listens(*, shares: bool) -> Iterator[int]:
    with socket.socket() as other:
        if shares:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("shares", [True, False])
async def test_another_installation_at_the_address_is_not_joined(
    db: Database, monkeypatch: pytest.MonkeyPatch, shares: bool
) -> None:
    """Somebody who started it in two directories was at one and at the other by turns."""
    monkeypatch.setattr(address, "PATIENCE", 0.0)
    with _somebody_listens(shares=shares) as port:
        settings = Settings(port=port)
        assert await address.occupied(settings)
        with pytest.raises(SettingsError, match=f"PORT={port}: another program listens there"):
            await address.shared(db, settings)
    assert not await address.occupied(settings), "an address that was left is free"


async def test_a_process_of_the_same_installation_is_joined_while_it_lives(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that began in the same moment and is heard of a little later."""
    async with Corridor(db, settings).running():
        await address.shared(db, settings)
    monkeypatch.setattr(address, "PATIENCE", 0.0)
    with pytest.raises(SettingsError):
        await address.shared(db, settings)


@pytest.mark.parametrize(
    ("host", "line"),
    [
        ("nowhere.invalid", "campana: HOST=nowhere.invalid: no address is known by that name"),
        ("192.0.2.1", "campana: HOST=192.0.2.1: this machine has no such address"),
    ],
)
async def test_a_host_that_is_none_is_said_before_anything_begins(host: str, line: str) -> None:
    said = await campana("serve", HOST=host, DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert (said.code, said.err) == (2, line)
