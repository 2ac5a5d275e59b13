"""`key add`, `list` and `revoke`: how programs prove who they are."""

from datetime import UTC, datetime, timedelta

from cyclopts import App

from campana import keys
from campana.commands.failures import CommandError
from campana.commands.output import remark, say, say_rows
from campana.commands.place import ACTOR, living, tenant_database

app = App(name="key", help="Add, list and revoke API keys of a tenant.")


@app.command
async def add(*, tenant: str, name: str, scope: list[str], days: int | None = None) -> None:
    """Make an API key; it is shown this once.

    Args:
        tenant: the tenant's short name.
        name: what it is for.
        scope: publish, read or impersonate; repeatable.
        days: how long it holds; for ever if not given.
    """
    async with tenant_database(tenant) as (db, tenant_id):
        key, key_id = await keys.create(
            db, tenant_id, name=name, scopes=scope, expires_at=_end(days), actor=ACTOR
        )
    remark(f"the key {key_id}, shown this once:")
    say(key)


@app.command(name="list")
async def list_(*, tenant: str) -> None:
    """The API keys of a tenant: what they begin with, never the keys.

    Args:
        tenant: the tenant's short name.
    """
    async with tenant_database(tenant) as (db, tenant_id):
        found = await keys.of_tenant(db, tenant_id)
    columns = ("name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "id")
    say_rows(found, columns)


@app.command
async def revoke(key: str, /, *, tenant: str) -> None:
    """End a key, and the streams opened with it.

    Args:
        key: its id, what it begins with (see key list), or the key itself where it has leaked.
        tenant: the tenant's short name.
    """
    async with tenant_database(tenant) as (db, tenant_id):
        typed = keys.beginning(key) if key.startswith("ck_") else key
        key_id = living(await keys.of_tenant(db, tenant_id), "key", typed, column="prefix")
        await keys.revoke(db, tenant_id, key_id, actor=ACTOR)
    say(f"{key_id} is revoked")


def _end(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= 36500:
        raise CommandError("a key holds for 1 to 36,500 days")
    return datetime.now(UTC) + timedelta(days=days)
