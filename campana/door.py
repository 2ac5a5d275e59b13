"""The HTTP door into the corridor: events of programs, one or many, once per Idempotency-Key.

What is refused is told event by event, and then nothing of the submission has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from campana import idempotency
from campana.db import Database, Tx
from campana.errors import FieldError, Invalid, code_of
from campana.idempotency import Answer
from campana.publish import Published, publish_many
from campana.queries import queries

ACCEPTED = 202
ATTEMPTS = 3
"""An array and a business transaction may wait for each other's dedupe keys in a circle."""
MOST_TOLD = 100
"""Findings listed in one answer."""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What makes a repetition known: its Idempotency-Key, and the body as it was sent."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """Events to publish, all or none.

    events: a JSON array, each item with publish_event's arguments. is_array: False for one event
    sent by itself, whose answer is no array either.
    """

    events: Any  # a list, or its JSON as an orjson.Fragment
    is_array: bool
    has_dedupe_keys: bool = False
    repeatable: Repeatable | None = None


@dataclass(frozen=True)
class EventError(FieldError):
    """What is wrong with one event of an array; `index` counts from 0."""

    index: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"index": self.index, **FieldError.as_dict(self)}


async def accept(db: Database, tenant_id: UUID, submission: Submission) -> tuple[Answer, bool]:
    """Publish. Returns the answer, and whether it was given before to the same Idempotency-Key.

    Raises Invalid with a finding for each event that is refused, or when the key came with
    another body; Conflict while the key is being answered elsewhere.
    """
    if not submission.is_array and submission.repeatable is None:
        return await _accept_at_once(db, tenant_id, submission), False
    for _ in range(ATTEMPTS - 1):
        try:
            return await _accept(db, tenant_id, submission)
        except asyncpg.DeadlockDetectedError:
            pass
    return await _accept(db, tenant_id, submission)


def refuse(faults: Sequence[FieldError]) -> None:
    """Raises Invalid for these, if there are any."""
    if not faults:
        return
    more = f" ({len(faults)} findings)" if len(faults) > 1 else ""
    raise Invalid(
        f"Nothing was published: {faults[0].message}{more}", errors=list(faults[:MOST_TOLD])
    )


async def _accept_at_once(db: Database, tenant_id: UUID, submission: Submission) -> Answer:
    async with db.anonymous() as connection:
        row = await queries.door.publish_at_once(
            connection, tenant=tenant_id, events=submission.events
        )
    return _answer([Published(**row)], submission)


async def _accept(db: Database, tenant_id: UUID, submission: Submission) -> tuple[Answer, bool]:
    async with db.tenant(tenant_id) as tx:
        if submission.is_array and submission.has_dedupe_keys:
            await queries.door.take_turns(tx, tenant=str(tenant_id))
        again = submission.repeatable
        if again is None:
            return await _publish(tx, tenant_id, submission), False
        claimed = await idempotency.claim(tx, tenant_id, again.key, again.body)
        if claimed.earlier is not None:
            return claimed.earlier, True
        answer = await _publish(tx, tenant_id, submission)
        await idempotency.keep(tx, claimed, answer)
        return answer, False


async def _publish(tx: Tx, tenant_id: UUID, submission: Submission) -> Answer:
    return _answer(await publish_many(tx, str(tenant_id), submission.events), submission)


def _answer(outcomes: list[Published], submission: Submission) -> Answer:
    refuse(
        [
            _fault(outcome, index if submission.is_array else None)
            for index, outcome in enumerate(outcomes)
            if outcome.code is not None
        ]
    )
    told = [{"id": str(outcome.id)} for outcome in outcomes]
    return Answer(ACCEPTED, {"events": told} if submission.is_array else told[0])


def _fault(outcome: Published, index: int | None) -> FieldError:
    state = outcome.code or ""
    is_ours = state.startswith("CA")
    parts = (
        outcome.field or "",
        code_of(state),
        (outcome.message or "") if is_ours else "A value cannot be stored as it is.",
        outcome.hint or None if is_ours else None,
    )
    return FieldError(*parts) if index is None else EventError(*parts, index)
