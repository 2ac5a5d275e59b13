"""Our own tokens (JWT): a key's right to act for one person, handed on for a while.

A program that holds an API key gives them to others: a worker, a device, another service. They are
signed (HS256) with the first of CAMPANA_TOKEN_SECRETS and believed with any, so that a secret is
changed by putting the new one first and taking the old one away a day later. A token ends with its
key; what its person may do is what our tables say at that moment.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt

from campana.errors import Conflict, Forbidden, Unauthorized
from campana.queries import queries
from campana.users import Person

if TYPE_CHECKING:
    from campana.db import Database

ISSUER = "campana"
"""Claims iss and aud of every token of ours."""
ALGORITHM = "HS256"
LONGEST_LIFE = 24 * 3600
REQUIRED = ["iss", "aud", "sub", "iat", "exp", "tenant", "key"]
READ_ONLY = frozenset({"read"})
"""Scopes of whoever comes with a token: it neither publishes nor makes further ones."""


def make(secrets: Sequence[str], person: Person, seconds: int) -> tuple[str, datetime]:
    """A token for `person`, whom a key acts for, and when it ends: at the latest with the key.

    seconds: 1 to LONGEST_LIFE. Raises Forbidden unless a key asks, Conflict without a secret.
    """
    if "impersonate" not in person.scopes:
        raise Forbidden("Tokens are made by an API key that may act for people.")
    if not secrets:
        hint = "The operator sets CAMPANA_TOKEN_SECRETS."
        raise Conflict("This installation makes no tokens.", hint=hint)
    now = int(time.time())
    end = now + seconds
    if person.expires_at is not None:
        end = min(end, int(person.expires_at.timestamp()))
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": str(person.id),
        "tenant": str(person.tenant_id),
        "key": person.credential_id,
        "iat": now,
        "exp": end,
    }
    return jwt.encode(claims, secrets[0], ALGORITHM), datetime.fromtimestamp(end, UTC)


async def identify(db: Database, secrets: Sequence[str], token: str) -> Person:
    """Whose token this is. Unauthorized, with a reason, for any that does not hold."""
    claims = _verified(secrets, token)
    try:
        tenant_id, user_id, key_id = (UUID(claims[name]) for name in ("tenant", "sub", "key"))
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, TypeError, AttributeError, ArithmeticError, OSError):
        raise _unreadable() from None
    async with db.tenant(tenant_id) as tx:
        row = await queries.tokens.person_of_key(
            tx, tenant_id=tenant_id, user_id=user_id, key_id=key_id
        )
    if row is None:
        raise Unauthorized("The key that made this token, or its person, is no longer there.")
    return Person.from_row(
        row,
        credential="key",
        credential_id=str(key_id),
        scopes=READ_ONLY,
        expires_at=expires_at,
    )


def is_ours(token: str) -> bool:
    """Whether a token says that we made it; it proves nothing."""
    try:
        said = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return False
    return said.get("iss") == ISSUER


def _verified(secrets: Sequence[str], token: str) -> dict[str, Any]:
    for secret in secrets:
        try:
            return jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                audience=ISSUER,
                issuer=ISSUER,
                options={"require": REQUIRED},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise Unauthorized("This token has expired.", code="expired_token") from None
        except (jwt.PyJWTError, ArithmeticError, ValueError, TypeError, RecursionError):
            raise _unreadable() from None
    raise Unauthorized("This token is not signed by us.")


def _unreadable() -> Unauthorized:
    return Unauthorized("This token (JWT) cannot be read.")
