"""What holds for one person: every type on every channel, who decided, and what else was chosen.

`of_person` reads it in two queries. choices.py changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from campana.channels import ALL
from campana.db import Tx
from campana.preferences.attention import attention_of, personal_of
from campana.preferences.policy import Cell, Layers, Masks, cells
from campana.queries import queries
from campana.users import Person

REMINDER_MINUTES = (1440, 60)
TOAST_SECONDS = 5
_BUSINESS = {
    "appointment": "calendar",
    "schedule": "calendar",
    "conversation": "crm",
    "lead": "crm",
    "seller": "crm",
    "order": "pos",
    "sale": "sales",
    "stock": "inventory",
    "system": "general",
    "announcement": "general",
}
BUSINESSES = ("calendar", "crm", "pos", "sales", "inventory", "general", "own")
"""In the order in which they are shown; `own`: types that the tenant added."""


@dataclass(frozen=True, slots=True)
class UserSettings:
    """What else a person chose. toast_seconds: 2–60. reminder_minutes: longest first."""

    toast_seconds: int = TOAST_SECONDS
    live_updates: bool = True
    shortcuts: bool = True
    reminder_minutes: tuple[int, ...] = REMINDER_MINUTES


@dataclass(frozen=True)
class Row:
    """A type, what the layers say of it, and how each channel stands."""

    type: str
    layers: Layers

    @cached_property
    def cells(self) -> list[Cell]:
        return cells(self.layers)

    def cell(self, channel: str) -> Cell:
        return next(cell for cell in self.cells if cell.channel == channel)

    def chose(self, cell: Cell) -> bool:
        """Whether the person said something of this very cell."""
        return bool(self.layers.person.chosen & cell.bit)

    @property
    def is_own(self) -> bool:
        """Whether the person said something of this type."""
        return bool(self.layers.person.chosen)

    @property
    def business(self) -> str:
        return _BUSINESS.get(self.type.partition(":")[0], "own")


@dataclass(frozen=True)
class Preferences:
    """Everything that holds for a person. common: the layers, without those of a type."""

    rows: list[Row]
    common: Layers
    settings: UserSettings
    muted: list[str]
    own_time_zone: str | None

    def of(self, event_type: str) -> Row | None:
        return next((row for row in self.rows if row.type == event_type), None)

    def uses(self, bit: int) -> bool:
        """Whether any type comes by this channel."""
        return any(cell.on for row in self.rows for cell in row.cells if cell.bit == bit)

    def groups(self, modules: Iterable[str]) -> list[tuple[str, list[Row]]]:
        """(business, its types): those of the tenant's modules, and whatever somebody set."""
        wanted = {*modules, "general", "own"}
        if not wanted & {"calendar", "crm", "pos", "sales", "inventory"}:
            wanted |= set(BUSINESSES)
        found = [
            (name, [row for row in self.rows if row.business == name and _is_shown(row, wanted)])
            for name in BUSINESSES
        ]
        return [(name, rows) for name, rows in found if rows]


async def of_person(tx: Tx, person: Person) -> Preferences:
    """All of it, as it is now."""
    whose = {"tenant": person.tenant_id, "reader": person.id, "role": person.role}
    row = await queries.preferences.person(tx, **whose)
    common = Layers(
        tenant_attention=attention_of(row["tenant_attention"]),
        role_attention=attention_of(row["role_attention"]),
        personal=personal_of(row["personal"]),
        time_zone=row["time_zone"],
    )
    types = [_row(common, found) async for found in queries.preferences.types(tx, **whose)]
    settings = settings_of(row["settings"])
    return Preferences(types, common, settings, list(row["muted"]), row["own_time_zone"])


async def settings_of_person(tx: Tx, person: Person) -> UserSettings:
    """Only what pages need of it."""
    return settings_of(
        await queries.preferences.settings(tx, tenant=person.tenant_id, reader=person.id)
    )


def settings_of(row: Mapping[str, Any] | None) -> UserSettings:
    """From a row whose nulls mean: as usual."""
    said = (
        {name: row[name] for name in UserSettings.__slots__ if row[name] is not None} if row else {}
    )
    if "reminder_minutes" in said:
        said["reminder_minutes"] = tuple(said["reminder_minutes"])
    return UserSettings(**said)


def _row(common: Layers, found: Mapping[str, Any]) -> Row:
    layers = replace(
        common,
        default=found["channels"],
        tenant=_masks(found, "tenant"),
        role=_masks(found, "role"),
        person=Masks(found["person_value"] or 0, found["person_chosen"] or 0),
    )
    return Row(found["type"], layers)


def _masks(found: Mapping[str, Any], layer: str) -> Masks:
    value, chosen, locked = (
        found[f"{layer}_{part}"] or 0 for part in ("value", "chosen", "locked")
    )
    return Masks(value, chosen, locked, found[f"{layer}_reason"] or "")


def _is_shown(row: Row, wanted: set[str]) -> bool:
    return row.business in wanted or bool(row.layers.person.chosen & ALL)
