"""A person's own data: all of it handed out, or erased.

Erasing replaces name and e-mail and removes sessions, choices and inbox; rows that others need
(audit, events, sales) stay and name nobody. docs/operations.md says what remains where.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana import audit, i18n, signals
from campana.administration.roles import keep_an_administrator
from campana.errors import NotFound
from campana.i18n import gettext as _
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx

AT_ONCE = 500
"""Rows read at once: between the looks no connection is held, readers may be slow."""


async def export(db: Database, tenant_id: UUID, person: UUID) -> AsyncIterator[dict[str, Any]]:
    """All that is kept of a person, piece by piece: {"kind": "profile", …}, then sessions, choices,
    notifications (oldest first) and what the audit says of them. NotFound before the first."""
    async with db.tenant(tenant_id) as tx:
        row = await queries.privacy.profile(tx, tenant=tenant_id, person=person)
        if row is None:
            raise NotFound("There is no such user in this tenant.")
        asked = {"tenant": tenant_id, "person": person}
        sessions = [one async for one in queries.privacy.sessions(tx, **asked)]
        choices = [one async for one in queries.privacy.choices(tx, **asked)]
    yield {"kind": "profile", **row}
    for one in sessions:
        yield {"kind": "session", **one}
    for one in choices:
        yield {"kind": one["kind"], **one["value"]}
    async for one in _pages(db, tenant_id, "notifications", "seq", person=person):
        yield {"kind": "notification", **one}
    emails = [row["email"], *row["former_emails"]]
    async for one in _pages(db, tenant_id, "audit", "id", person=person, emails=emails):
        if one.pop("is_about"):
            yield {"kind": "audit", **one}


async def erase(db: Database, tenant_id: UUID, person: UUID, *, actor: str) -> None:
    """The account is gone when this returns; the clock does the rest (campana/privacy.py).

    NotFound; Conflict when nobody would administer the tenant, or for a second time.
    """
    async with db.tenant(tenant_id) as tx:
        await queries.tenant_roles.lock_rights(tx, tenant=tenant_id)
        with i18n.use_locale(await _locale(tx, tenant_id)):
            name = _("Erased person")
        await queries.privacy.erase(tx, tenant=tenant_id, person=person, name=name)
        await keep_an_administrator(tx, tenant_id)
        await audit.record(tx, tenant_id, actor, "user.erase", user=person)
    await signals.check_streams(db, tenant_id, person)


async def erasure(tx: Tx, tenant_id: UUID, person: UUID) -> Any:
    """How far it has come (stage, notifications, events, …); None when nobody asked for it."""
    return await queries.privacy.erasure(tx, tenant=tenant_id, person=person)


async def _pages(
    db: Database, tenant_id: UUID, name: str, key: str, **asked: Any
) -> AsyncIterator[dict[str, Any]]:
    after = 0
    while True:
        async with db.tenant(tenant_id) as tx:
            page = getattr(queries.privacy, name)(
                tx, tenant=tenant_id, after=after, limit=AT_ONCE, **asked
            )
            rows = [dict(row) async for row in page]
        for row in rows:
            yield row
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][key]


async def _locale(tx: Tx, tenant_id: UUID) -> str:
    settings = await queries.tenant_settings.read(tx, tenant=tenant_id)
    return str(settings["locale"])
