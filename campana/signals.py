"""Hints: NOTIFY says when to look, never what there is.

Sent after the commit they speak of, in a transaction of their own. A lost hint only delays:
every hub also sweeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from campana.db import Database, Tx
from campana.queries import queries

HINT = "campana_hint"
"""Channel the hubs listen on."""
WAKE = "campana_wake"
"""Channel the dispatchers listen on."""

MAX_USERS = 100
"""Above this a hint says "somebody of the tenant": a NOTIFY payload holds under 8,000 bytes."""
MAX_SIGNALS = 300
"""Signals in one hint, for the same reason; more of them take several."""


@dataclass(frozen=True, slots=True)
class SharedNews:
    """New notifications that some users got alike: events with their masks of channels, in order.

    user_ids, seqs, unreads, revs: side by side, whose inbox stands where after them.
    """

    event_ids: Sequence[UUID]
    masks: Sequence[int]
    user_ids: Sequence[UUID]
    seqs: Sequence[int]
    unreads: Sequence[int]
    revs: Sequence[int]


@dataclass(frozen=True, slots=True)
class Hint:
    """What a hub is told. user_ids None: anybody of the tenant.

    signals: what `signal_ids` name, as rows; only from the dispatcher of the hub's own process.
    news: all there is in it for anybody, from there too; None: the hub has to ask.
    checks: their right to a stream may be gone, of one session or key where `credential` names it.
    told_by: the dispatcher that has told its own process already.
    is_private: no other process was there to be told.
    """

    tenant_id: UUID
    user_ids: list[UUID] | None = None
    signal_ids: list[int] = field(default_factory=list)
    signals: Sequence[Mapping[str, Any]] = ()
    news: Sequence[SharedNews] | None = None
    checks: bool = False
    credential: str | None = None
    told_by: str | None = None
    is_private: bool = False


def understood(payload: str) -> Hint | None:
    """The hint in a payload; None for anything else: every login of the database can NOTIFY."""
    try:
        told = orjson.loads(payload)
        tenant_id = UUID(told["t"])
        users = [UUID(user) for user in told["u"]] if "u" in told else None
        if "check" in told:
            return Hint(tenant_id, users, checks=True, credential=told["check"])
        signals = [_id(signal) for signal in told["s"]]
        return Hint(tenant_id, users, signals, told_by=told.get("by"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


async def tell(tx: Tx, tenant_id: UUID, name: str, rule: Sequence[str]) -> int:
    """A live message that says no more than its name, to whom the rule names; the id to hint at."""
    signal_id: int = await queries.signals.tell(tx, tenant=tenant_id, name=name, rule=list(rule))
    return signal_id


async def hint(
    db: Database,
    tenant_id: UUID,
    users: Sequence[UUID] | None = None,
    signals: Sequence[int] = (),
    *,
    told_by: str | None = None,
) -> None:
    """Tell every hub that `users` (None: anybody) have news, and which signals to read."""
    payload: dict[str, object] = {"t": str(tenant_id), "s": list(signals[:MAX_SIGNALS])}
    if users is not None and len(users) <= MAX_USERS:
        payload["u"] = [str(user) for user in users]
    if told_by:
        payload["by"] = told_by
    await _notify(db, payload)
    if len(signals) > MAX_SIGNALS:
        await hint(db, tenant_id, [], signals[MAX_SIGNALS:], told_by=told_by)


async def check_streams(
    db: Database, tenant_id: UUID, user_id: UUID | None = None, credential_id: str | None = None
) -> None:
    """Have every hub look anew, at once, at what this user's streams may and in which language.

    user_id None: everybody's of the tenant. credential_id: only those of one session.
    """
    concerned = {} if user_id is None else {"u": [str(user_id)]}
    await _notify(db, {"t": str(tenant_id), **concerned, "check": credential_id})


async def check_streams_of_key(db: Database, tenant_id: UUID, key_id: UUID) -> None:
    """The same for the streams opened by a key, or by an issuer's tokens, for whomever."""
    await _notify(db, {"t": str(tenant_id), "check": str(key_id)})


def _id(signal: object) -> int:
    if not isinstance(signal, int) or not 0 <= signal < 2**63:
        raise ValueError
    return signal


async def _notify(db: Database, payload: dict[str, object]) -> None:
    async with db.bus() as connection:
        await queries.signals.notify(
            connection, channel=HINT, payload=orjson.dumps(payload).decode()
        )
