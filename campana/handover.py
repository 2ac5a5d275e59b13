"""What a dispatcher hands to the hub of its own process: a row of fan_out() as a hint that answers
the hub's questions beforehand (sql/functions/030_dispatch.sql)."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from campana.signals import Hint, SharedNews

SIGNAL = ("signal_ids", "names", "event_ids", "rules", "payloads")


def hint_of(row: Mapping[str, Any], events: Mapping[int, UUID] | None = None) -> Hint:
    """events: those of the round by their ids in the outbox, where `row` has all the news there
    are; None: the hub is to ask."""
    signals = list(_signals(row))
    news = None if events is None else [_shared(one, events) for one in row["news"] or ()]
    ids = [signal["id"] for signal in signals]
    alone = row.get("alone", False)
    return Hint(row["tenant_id"], row["user_ids"], ids, signals, news, is_private=alone)


def _signals(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The signals of a tenant, in order, as `hub.signals` would read them; with the users who hear
    them, where that is known."""
    shared = {"xid": row["xid"], "tenant_id": row["tenant_id"], "user_id": None}
    hearers = dict(row.get("hearers") or ())
    columns = zip(*(row[name] or () for name in SIGNAL), strict=True)
    for number, name, event_id, rule, payload in sorted(columns):
        told = {"id": number, "name": name, "event_id": event_id, "rule": rule, "payload": payload}
        yield shared | told | {"hearers": hearers.get(rule)}


def _shared(row: Mapping[str, Any], events: Mapping[int, UUID]) -> SharedNews:
    ords, masks = zip(*sorted(zip(row["ords"], row["masks"], strict=True)), strict=True)
    places = (row[name] for name in ("user_ids", "seqs", "unreads", "revs"))
    return SharedNews([events[number] for number in ords], masks, *places)
