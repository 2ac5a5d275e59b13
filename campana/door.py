"""The HTTP door into the corridor: events of programs, one or many, once per Idempotency-Key.

What is refused is told event by event, and then nothing of the submission has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from orjson import Fragment

from campana import idempotency
from campana.db import Database, Tx
from campana.errors import FieldError, Invalid, code_of
from campana.gathering import Gathering
from campana.idempotency import Answer
from campana.publish import Published, publish_many
from campana.queries import queries

ACCEPTED = 202
ATTEMPTS = 3
"""An array and a business transaction may wait for each other's dedupe keys in a circle."""
DRY_SECONDS = 2.0
"""How long a dry run counts people."""
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

    events: a JSON array of objects with publish_event's arguments. is_array: False for one event
    sent by itself, whose answer is no array either.
    """

    events: bytes
    is_array: bool
    has_dedupe_keys: bool = False
    repeatable: Repeatable | None = None


@dataclass(frozen=True)
class EventError(FieldError):
    """What is wrong with one event of an array; `index` counts from 0."""

    index: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"index": self.index, **FieldError.as_dict(self)}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Whom an event would be for. recipients None: not counted within DRY_SECONDS."""

    recipients: int | None
    names: list[str]
    is_repeated: bool


class Door:
    """Where submissions come in. One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._gathering = Gathering(db)

    async def accept(self, tenant_id: UUID, submission: Submission) -> tuple[Answer, bool]:
        """Publish. The answer, and whether it was given before to the same Idempotency-Key.

        Raises Invalid with a finding for each event that is refused, or when the key came with
        another body; Conflict while the key is being answered elsewhere.
        """
        if not (submission.is_array or submission.has_dedupe_keys or submission.repeatable):
            outcome = await self._gathering.publish(tenant_id, submission.events[1:-1])
            return _answer([outcome], submission), False
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._accept(tenant_id, submission)
            except asyncpg.DeadlockDetectedError:
                pass
        return await self._accept(tenant_id, submission)

    async def foresee(self, tenant_id: UUID, events: bytes, *, is_array: bool) -> list[Foreseen]:
        """What publishing these (a JSON array, as in a Submission) would come to; nothing happens.

        Raises Invalid as `accept`.
        """
        async with self._db.anonymous() as connection:
            rows = await connection.fetch(
                queries.door.dry_run.sql, tenant_id, Fragment(events), DRY_SECONDS
            )
        outcomes = [
            Published(row["id"], row["code"], row["message"], row["field"], row["hint"])
            for row in rows
        ]
        _refuse_failed(outcomes, is_array)
        return [Foreseen(row["people"], row["names"], row["is_repeated"]) for row in rows]

    async def _accept(self, tenant_id: UUID, submission: Submission) -> tuple[Answer, bool]:
        async with self._db.tenant(tenant_id) as tx:
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


def refuse(faults: Sequence[FieldError]) -> None:
    """Raises Invalid for these, if there are any."""
    if not faults:
        return
    more = f" ({len(faults)} findings)" if len(faults) > 1 else ""
    raise Invalid(
        f"Nothing was published: {faults[0].message}{more}", errors=list(faults[:MOST_TOLD])
    )


async def _publish(tx: Tx, tenant_id: UUID, submission: Submission) -> Answer:
    events: Any = Fragment(submission.events)  # JSON already: no need to parse and write it again
    outcomes = await publish_many(tx, str(tenant_id), events)
    return _answer(outcomes, submission)


def _answer(outcomes: list[Published], submission: Submission) -> Answer:
    _refuse_failed(outcomes, submission.is_array)
    told = [{"id": str(outcome.id)} for outcome in outcomes]
    return Answer(ACCEPTED, {"events": told} if submission.is_array else told[0])


def _refuse_failed(outcomes: list[Published], is_array: bool) -> None:
    refuse(
        [
            _fault(outcome, index if is_array else None)
            for index, outcome in enumerate(outcomes)
            if outcome.code is not None
        ]
    )


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
