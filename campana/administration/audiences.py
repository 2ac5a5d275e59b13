"""Audiences as administrators write them: whom they name now, what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from campana.errors import CampanaError, Invalid, from_postgres
from campana.i18n import gettext as _
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx


async def named(
    tx: Tx, tenant_id: UUID, expression: str, *, without: UUID | None = None
) -> tuple[int, list[str]]:
    """How many people it names now, and the first five names. Invalid, field `audience`.

    without: its author, who is not told.
    """
    try:
        found = await queries.announcements.audience(
            tx, tenant=tenant_id, audience=expression, author=without
        )
    except asyncpg.PostgresError as error:
        raise in_words(error) from None
    return found["people"], found["names"]


def in_words(error: asyncpg.PostgresError) -> BaseException:
    """What SQL refuses of an audience, in the language of the page; other errors as they are."""
    known = from_postgres(error)
    if not isinstance(known, CampanaError):
        return error
    if known.code == "malformed_audience":
        said = _("This cannot be read. Write for example role:ADMIN & !user:ana@example.com.")
        return Invalid(said, field="audience")
    if known.code == "unknown_recipient":
        return Invalid(_("Nobody here has such a role, branch or e-mail."), field="audience")
    return known
