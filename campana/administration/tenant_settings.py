"""Settings of a tenant: one shape, its bounds and its defaults in sql/migrations/0008.

Whoever works by the clock (retention, alerts, detectors) reads campana.tenant_settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field

from campana import audit
from campana.administration import edits
from campana.errors import Invalid
from campana.i18n import gettext as _
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.users import Person

Percent = Annotated[int, Field(ge=1, le=100)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]


class TenantSettings(BaseModel):
    """All of them. Quiet hours and work days are preferences: their defaults are kept there."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=120)
    time_zone: str = Field(max_length=64)
    locale: Literal["es", "en"]
    retention_days: int = Field(ge=1, le=3650)
    keep_unread: bool = False
    most_connections: int = Field(ge=1, le=1_000_000)
    most_latency: int = Field(ge=1, le=600_000, description="milliseconds")
    most_errors: Percent
    most_reconnections: Percent
    unanswered_after: Minutes
    hot_lead_score: Percent
    follow_up_after: int = Field(ge=1, le=8760, description="hours")
    slow_response: Minutes
    most_unanswered: int = Field(ge=1, le=10_000)
    least_conversion: Percent
    conversion_counts_from: int = Field(ge=1, le=10_000)


async def read(tx: Tx, tenant_id: UUID) -> TenantSettings:
    """As they are now."""
    return TenantSettings.model_construct(
        **await queries.tenant_settings.read(tx, tenant=tenant_id)
    )


async def change(
    db: Database, me: Person, mine: TenantSettings, was: Mapping[str, Any]
) -> dict[str, Any]:
    """Writes what differs; what changed. Invalid for an unknown time zone, Overtaken."""
    if mine.time_zone not in time_zones():
        raise Invalid(
            _("Choose a time zone of the list, such as America/El_Salvador."), field="time_zone"
        )
    async with db.tenant(me.tenant_id, me.id) as tx:
        await queries.tenant_settings.lock(tx, tenant=me.tenant_id)
        now = (await read(tx, me.tenant_id)).model_dump()
        done = edits.changes(was, mine.model_dump(), now)
        if done:
            await queries.tenant_settings.write(tx, tenant=me.tenant_id, **(now | done))
            before = {name: now[name] for name in done}
            await audit.record(
                tx, me.tenant_id, me.actor, "settings.change", before=before, after=done
            )
    return done


@cache
def time_zones() -> frozenset[str]:
    """IANA names such as America/El_Salvador."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")
