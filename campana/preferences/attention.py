"""Attention: when somebody may be interrupted. For the rule, in rows, and checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from campana.errors import Invalid
from campana.events import PRIORITIES

EVERY_DAY = 0b1111111
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours by the local clock: `start` to just before `end`, which may be tomorrow."""

    start: dt.time
    end: dt.time

    def holds(self, clock: dt.time) -> bool:
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """When somebody may be interrupted. None: as the layer below says. quiet False: never quiet.

    work_days: bits, Monday is 1 and Sunday 64.
    """

    min_priority: str | None = None
    quiet: Quiet | Literal[False] | None = None
    work_days: int | None = None
    urgent_breaks_through: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal(Attention):
    """A person's own. switched_off: channels done without, whatever the type."""

    switched_off: int = 0
    paused_until: dt.datetime | None = None

    def pause_at(self, moment: dt.datetime) -> dt.datetime | None:
        """When the pause ends in which that moment lies; None when it lies in none."""
        until = self.paused_until
        return until if until is not None and until > moment else None


USUAL = Attention(min_priority="low", quiet=False, work_days=EVERY_DAY, urgent_breaks_through=True)
"""What holds when no layer says anything."""


def attention_of(row: Mapping[str, Any] | None) -> Attention:
    """From a row, or its JSON; None is somebody who says nothing."""
    return Attention(**_said(row)) if row else Attention()


def personal_of(row: Mapping[str, Any] | None) -> Personal:
    """The same of a person."""
    if not row:
        return Personal()
    until = row["paused_until"]
    return Personal(
        **_said(row),
        switched_off=row["switched_off"],
        paused_until=dt.datetime.fromisoformat(until) if isinstance(until, str) else until,
    )


def columns_of(attention: Attention) -> dict[str, Any]:
    """As the columns of the tables; Invalid for what cannot be meant."""
    check(attention)
    quiet = attention.quiet
    return {
        "min_priority": attention.min_priority,
        "quiet": None if quiet is None else bool(quiet),
        "quiet_from": quiet.start if quiet else None,
        "quiet_to": quiet.end if quiet else None,
        "work_days": attention.work_days,
        "urgent_breaks_through": attention.urgent_breaks_through,
    }


def check(attention: Attention) -> None:
    """Invalid with the field, and what to do."""
    if attention.min_priority not in (None, *PRIORITIES):
        raise Invalid(f"Priorities are {', '.join(PRIORITIES)}.", field="minPriority")
    if attention.quiet and attention.quiet.start == attention.quiet.end:
        raise Invalid(
            "Quiet hours begin and end at the same time.",
            field="quietHours",
            hint="Choose two different times, or none at all; a pause silences whole days.",
        )
    if attention.work_days is not None and not 1 <= attention.work_days <= EVERY_DAY:
        raise Invalid(
            "At least one day is a work day.",
            field="workDays",
            hint="To hear nothing at all, pause the notifications.",
        )


def days_of(mask: int) -> list[str]:
    """`["monday", "sunday"]` for 65."""
    return [day for place, day in enumerate(DAYS) if mask >> place & 1]


def mask_of_days(days: list[str]) -> int:
    """65 for `["monday", "sunday"]`; Invalid for a day that there is not."""
    if unknown := [day for day in days if day not in DAYS]:
        raise Invalid(
            f"There is no day {unknown[0][:20]!r}.",
            field="workDays",
            hint=f"Days: {', '.join(DAYS)}.",
        )
    return sum({1 << DAYS.index(day) for day in days})


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    quiet: Quiet | Literal[False] | None = None if row["quiet"] is None else False
    if row["quiet"]:
        quiet = Quiet(_clock(row["quiet_from"]), _clock(row["quiet_to"]))
    return {
        "min_priority": row["min_priority"],
        "quiet": quiet,
        "work_days": row["work_days"],
        "urgent_breaks_through": row["urgent_breaks_through"],
    }


def _clock(value: str | dt.time) -> dt.time:
    return value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
