"""`issuer add`, `list`, `keys` and `revoke`: whose tokens (JWT) a tenant accepts."""

from pathlib import Path
from typing import Any

from cyclopts import App

from campana import token_keys, tokens
from campana.commands.output import say, say_table
from campana.commands.place import ACTOR, living, tenant_database

app = App(name="issuer", help="Accept tokens (JWT) of an external issuer.")


@app.command
async def add(
    *, tenant: str, issuer: str, audience: str, keys: list[Path], email_claim: str = "email"
) -> None:
    """Accept an issuer's tokens under /api/; prints its id.

    Args:
        tenant: the tenant's short name.
        issuer: what its tokens say as iss.
        audience: what they say as aud; with the issuer it tells the tenant.
        keys: a file with its public keys, JWKS or PEM; repeatable.
        email_claim: the claim that says a person's e-mail.
    """
    texts = _texts(keys)
    async with tenant_database(tenant) as (db, tenant_id):
        issuer_id = await tokens.trust(
            db,
            tenant_id,
            issuer=issuer,
            audience=audience,
            keys=texts,
            email_claim=email_claim,
            actor=ACTOR,
        )
    say(str(issuer_id))


@app.command(name="list")
async def list_(*, tenant: str) -> None:
    """Whose tokens a tenant accepts.

    Args:
        tenant: the tenant's short name.
    """
    async with tenant_database(tenant) as (db, tenant_id):
        found = await tokens.of_tenant(db, tenant_id)
    columns = ("issuer", "audience", "keys", "email_claim", "created_at", "revoked_at", "id")
    say_table(columns, [[_shown(issuer, column) for column in columns] for issuer in found])


@app.command(name="keys")
async def keys_(issuer: str, /, *, tenant: str, keys: list[Path]) -> None:
    """Replace an issuer's keys: during rotation give the old and the new one.

    Args:
        issuer: its id, or what its tokens say as iss.
        tenant: the tenant's short name.
        keys: a file with its public keys, JWKS or PEM; repeatable.
    """
    texts = _texts(keys)
    async with tenant_database(tenant) as (db, tenant_id):
        issuer_id = living(await tokens.of_tenant(db, tenant_id), "issuer", issuer, column="issuer")
        await tokens.change_keys(db, tenant_id, issuer_id, texts, actor=ACTOR)
    say(f"{issuer_id} has other keys")


@app.command
async def revoke(issuer: str, /, *, tenant: str) -> None:
    """Refuse an issuer's tokens, and end the streams opened with them.

    Args:
        issuer: its id, or what its tokens say as iss.
        tenant: the tenant's short name.
    """
    async with tenant_database(tenant) as (db, tenant_id):
        issuer_id = living(await tokens.of_tenant(db, tenant_id), "issuer", issuer, column="issuer")
        await tokens.revoke(db, tenant_id, issuer_id, actor=ACTOR)
    say(f"{issuer_id} is revoked")


def _texts(files: list[Path]) -> list[str]:
    return [file.read_text(encoding="utf-8", errors="replace") for file in files]


def _shown(issuer: Any, column: str) -> Any:
    return token_keys.names(issuer["keys"]) if column == "keys" else issuer[column]
