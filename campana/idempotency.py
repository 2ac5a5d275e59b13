"""Idempotency-Key: a repeated request gets the first one's answer and does nothing again.

The key is held by the transaction that does the work and kept with it: a request that fails
or dies frees it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from campana.db import Tx
from campana.errors import Conflict, Invalid
from campana.queries import queries

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was, or is to be, answered: an HTTP status and a JSON body."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """A key held until the transaction ends; `earlier` is the answer already given, if any."""

    tenant_id: UUID
    key: str
    digest: bytes
    earlier: Answer | None = None


async def claim(tx: Tx, tenant_id: UUID, key: str, body: bytes) -> Claim:
    """Hold `key` (1–255 printable ASCII characters) for a request with this body.

    Raises Conflict while another request with the key is being answered, Invalid when the key
    was used with another body or is malformed.
    """
    _check(key)
    digest = hashlib.sha256(body).digest()
    row = await queries.idempotency.claim(tx, tenant=tenant_id, key=key, digest=digest)
    if row["state"] == "in_flight":
        raise Conflict(
            "A request with this Idempotency-Key is being answered just now.",
            code="request_in_flight",
            hint="Send it again in a second.",
            retry_after=1,
        )
    if row["state"] == "other_body":
        raise Invalid(
            "This Idempotency-Key was used with another body.",
            code="idempotency_mismatch",
            field="Idempotency-Key",
            hint="Use a new key for a new request.",
        )
    earlier = Answer(row["status"], row["answer"]) if row["state"] == "replay" else None
    return Claim(tenant_id, key, digest, earlier)


async def keep(tx: Tx, claimed: Claim, answer: Answer) -> None:
    """Give this answer to every repetition, from the moment this transaction commits."""
    await queries.idempotency.keep(
        tx,
        tenant=claimed.tenant_id,
        key=claimed.key,
        digest=claimed.digest,
        status=answer.status,
        answer=answer.body,
    )


def _check(key: str) -> None:
    if not (1 <= len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise Invalid(
            f"The Idempotency-Key must have 1 to {LONGEST} printable ASCII characters.",
            code="malformed",
            field="Idempotency-Key",
        )
