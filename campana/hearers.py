"""Hearers: which of the connected get which live messages.

The database says whom a rule names, the one evaluator of audiences, with current rights; unless
the dispatcher has just said so.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from uuid import UUID

import orjson

from campana import rules
from campana.db import Database
from campana.live import Address, Signal
from campana.queries import queries
from campana.stream import Connected, Stream


async def heard_by(
    db: Database, signals: Sequence[Signal], connected: Connected
) -> dict[Stream, list[bytes]]:
    """Which of the connected get which of the signals, in the signals' order.

    A stream gets what was committed after it opened: what was committed before, its reader
    may have heard elsewhere. A poller's `since` is None, its signals are chosen already.
    """
    if not signals:
        return {}
    audiences = await _audiences(db, signals, connected)
    out: dict[Stream, list[bytes]] = {}
    # Neighbours for the same audience go together: one piece per listener and run.
    for _, run in groupby(signals, key=lambda signal: (signal.address, id(signal.hearers))):
        told = list(run)
        oldest = min(signal.transaction for signal in told)
        pieces: dict[str, bytes] = {}
        for stream in _listeners(told[0], audiences, connected):
            if stream.since is not None and oldest < stream.since.end:
                out.setdefault(stream, []).extend(_new_to(stream, told))
                continue
            locale = stream.reader.locale
            if locale not in pieces:
                pieces[locale] = b"".join(signal.frame(stream) for signal in told)
            out.setdefault(stream, []).append(pieces[locale])
    return {stream: told for stream, told in out.items() if told}


async def _audiences(
    db: Database, signals: Sequence[Signal], connected: Connected
) -> dict[Address, list[UUID]]:
    """Who of the connected hears which, unless it is known; one question per audience."""
    asked = (s for s in signals if s.address.user_id is None and s.hearers is None)
    ruled = list({signal.address: None for signal in asked})
    among = {user for address in ruled for user in _candidates(address, connected)}
    if not among:
        return {}
    async with db.bus() as connection:
        rows = await connection.fetch(
            queries.hub.audience.sql,
            [address.tenant_id for address in ruled],
            [address.rule for address in ruled],
            list(among),
        )
    return {ruled[row["rule"] - 1]: row["users"] for row in rows}


def _candidates(address: Address, connected: Connected) -> Iterable[UUID]:
    """Connected users whom the rule could name: all of the tenant, or the one it spells out."""
    users = connected.get(address.tenant_id, {})
    only = rules.the_one(orjson.loads(address.rule or "[null]"))
    return users if only is None else {only} & users.keys()


def _listeners(
    signal: Signal, audiences: dict[Address, list[UUID]], connected: Connected
) -> Iterator[Stream]:
    address, users = signal.address, signal.hearers
    if users is None:
        users = [address.user_id] if address.user_id else audiences.get(address, [])
    by_user = connected.get(address.tenant_id, {})
    for user in users:
        for stream in by_user.get(user, ()):
            if stream.is_open:
                yield stream


def _new_to(stream: Stream, signals: Iterable[Signal]) -> Iterator[bytes]:
    for signal in signals:
        if stream.since is None or not stream.since.has_seen(signal.transaction):
            yield signal.frame(stream)
