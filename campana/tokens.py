"""Tokens (JWT) of an external issuer: it says who somebody is, our own tables what they may do.

The token's issuer and audience tell the tenant, its e-mail the person. Keys are handed in by an
administrator and never fetched. Nothing of a token is believed before its signature is verified.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt

from campana import audit, signals, token_keys
from campana.errors import Conflict, Invalid, NotFound, Unauthorized
from campana.queries import queries
from campana.users import Person

if TYPE_CHECKING:
    from campana.db import Database

LEEWAY = 30
"""Seconds that an issuer's clock may be ahead of ours (iat, nbf)."""
LONGEST_LIFE = 24 * 3600
"""Seconds between iat and exp."""
LONGEST = 255  # characters of an issuer, an audience, an e-mail
MOST_AUDIENCES = 20
REQUIRED = ["iss", "aud", "exp", "iat"]


async def identify(db: Database, token: str) -> Person:
    """Whose token this is. Unauthorized, with a reason, for any that does not hold."""
    header, said = _unverified(token)
    issuer = await _issuer(db, said)
    claims = _verified(token, header, issuer)
    expires_at = _end(claims)
    row = await _person(db, issuer["tenant_id"], _email(claims, issuer["email_claim"]))
    return Person.from_row(
        row, credential="token", credential_id=str(issuer["id"]), expires_at=expires_at
    )


async def trust(
    db: Database,
    tenant_id: UUID,
    *,
    issuer: str,
    audience: str,
    keys: Iterable[str],
    email_claim: str = "email",
    actor: str,
) -> UUID:
    """Accepts this issuer's tokens for this audience from now on; an id.

    `keys`: texts as token_keys reads them. Conflict when some tenant has this pair already.
    """
    for field, text in (("issuer", issuer), ("audience", audience), ("email_claim", email_claim)):
        if not _is_name(text) or (field == "email_claim" and len(text) > 80):
            raise Invalid(f"This is no {field}.", field=field, code="invalid_value")
    jwks = token_keys.from_texts(keys)
    async with db.tenant(tenant_id) as tx:
        found: UUID | None = await queries.tokens.add(
            tx,
            tenant_id=tenant_id,
            issuer=issuer,
            audience=audience,
            keys=jwks,
            email_claim=email_claim,
        )
        if found is None:
            raise Conflict("Tokens of this issuer for this audience are accepted already.")
        after = {"audience": audience, "keys": token_keys.names(jwks)}
        await audit.record(
            tx, tenant_id, actor, "issuer.add", after=after, issuer=found, name=issuer
        )
    return found


async def change_keys(
    db: Database, tenant_id: UUID, issuer_id: UUID, keys: Iterable[str], *, actor: str
) -> None:
    """Only these keys count from now on; during rotation the old and the new one.

    Streams open again, with a token that still holds. NotFound when revoked already.
    """
    jwks = token_keys.from_texts(keys)
    async with db.tenant(tenant_id) as tx:
        row = await queries.tokens.set_keys(tx, tenant_id=tenant_id, id=issuer_id, keys=jwks)
        if row is None:
            raise _unknown()
        before, after = ({"keys": token_keys.names(keys)} for keys in (row["was"], jwks))
        said = {"issuer": issuer_id, "name": row["issuer"]}
        await audit.record(tx, tenant_id, actor, "issuer.keys", before=before, after=after, **said)
    await signals.check_streams_of_key(db, tenant_id, issuer_id)


async def revoke(db: Database, tenant_id: UUID, issuer_id: UUID, *, actor: str) -> None:
    """Ends all tokens of this issuer and the streams opened with them. NotFound."""
    async with db.tenant(tenant_id) as tx:
        name = await queries.tokens.revoke(tx, tenant_id=tenant_id, id=issuer_id)
        if name is None:
            raise _unknown()
        said = {"issuer": issuer_id, "name": name}
        await audit.record_revoked(tx, tenant_id, actor, "issuer.revoke", **said)
    await signals.check_streams_of_key(db, tenant_id, issuer_id)


async def of_tenant(db: Database, tenant_id: UUID) -> list[Any]:
    """Rows (id, issuer, audience, keys, email_claim, created_at, revoked_at), oldest first."""
    async with db.tenant(tenant_id) as tx:
        return [row async for row in queries.tokens.of_tenant(tx, tenant_id=tenant_id)]


def _unknown() -> NotFound:
    return NotFound("There is no such issuer, or it was revoked before.")


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, to find out with which keys to verify them."""
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise _unreadable() from None
    return whole["header"], whole["payload"]


async def _issuer(db: Database, said: dict[str, Any]) -> Any:
    issuer, audience = said.get("iss"), said.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(map(_is_name, [issuer, *audiences])) or len(audiences) > MOST_AUDIENCES:
        raise Unauthorized("This token does not say its issuer and audience (iss, aud).")
    async with db.anonymous() as connection:
        rows = [
            row
            async for row in queries.tokens.issuers(connection, issuer=issuer, audiences=audiences)
        ]
    if not rows:
        raise Unauthorized("The issuer of this token (iss) is not known here.")
    if sum(row["meant"] for row in rows) != 1:
        raise Unauthorized("This token is for another audience (aud).")
    return {**rows[0], "issuer": issuer}


def _verified(token: str, header: dict[str, Any], issuer: Any) -> dict[str, Any]:
    for key in token_keys.fitting(issuer["keys"], header):
        try:
            return jwt.decode(
                token,
                key=key.key,
                algorithms=[key.algorithm_name],
                audience=issuer["audience"],
                issuer=issuer["issuer"],
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise _expired() from None
        except jwt.ImmatureSignatureError:
            raise Unauthorized("This token does not hold yet (iat, nbf).") from None
        except jwt.MissingRequiredClaimError as missing:
            raise Unauthorized(f"This token lacks the claim {missing.claim}.") from None
        except (jwt.PyJWTError, ArithmeticError, ValueError, TypeError, RecursionError):
            raise _unreadable() from None
    raise Unauthorized("This token is not signed by a key of its issuer.")


def _end(claims: dict[str, Any]) -> datetime:
    begin, end = claims["iat"], claims["exp"]
    if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in (begin, end)):
        raise _unreadable()
    if end <= time.time():  # to the second: streams end then
        raise _expired()
    if end - begin > LONGEST_LIFE:
        raise Unauthorized("This token holds for more than a day (exp − iat).")
    return datetime.fromtimestamp(end, UTC)


def _email(claims: dict[str, Any], claim: str) -> str:
    email = claims.get(claim)
    if not _is_name(email):
        raise Unauthorized("This token does not say whose it is.")
    if claims.get("email_verified", True) not in (True, "true"):
        raise Unauthorized("The e-mail of this token is not verified.")
    return str(email).strip().lower()


async def _person(db: Database, tenant_id: UUID, email: str) -> Any:
    async with db.tenant(tenant_id) as tx:
        row = await queries.tokens.person(tx, tenant_id=tenant_id, email=email)
    if row is None:
        raise Unauthorized("Nobody here uses the e-mail of this token.")
    return row


def _is_name(text: object) -> bool:
    """Whether PostgreSQL can hold it, too: no control characters, no halves of surrogates."""
    return isinstance(text, str) and 0 < len(text) <= LONGEST and text.isprintable()


def _unreadable() -> Unauthorized:
    return Unauthorized("This token (JWT) cannot be read.")


def _expired() -> Unauthorized:
    return Unauthorized("This token has expired.", code="expired_token")
