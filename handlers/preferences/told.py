"""Preferences as the API tells them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from campana.channels import CHANNELS
from campana.preferences import matrix, names
from campana.preferences.attention import Attention, days_of
from campana.preferences.matrix import Preferences
from handlers.preferences.shapes import PreferencesShape


def as_json(now: Preferences, locale: str) -> dict[str, Any]:
    """PreferencesShape as a dictionary."""
    first = {name: now.common.first(name) for name in Attention.__slots__}
    quiet, until = first["quiet"][0], now.common.personal.paused_until
    is_paused = until is not None and until > dt.datetime.now(dt.UTC)
    shape = PreferencesShape.model_validate(
        {
            **_switches(now),
            "reminder_minutes_before": list(now.settings.reminder_minutes),
            "min_priority": first["min_priority"][0],
            "quiet_hours": {"start": quiet.start, "end": quiet.end} if quiet else None,
            "work_days": days_of(first["work_days"][0]),
            "urgent_breaks_through": first["urgent_breaks_through"][0],
            "paused_until": until if is_paused else None,
            "muted_subjects": now.muted,
            "time_zone": now.common.time_zone,
            "language": locale,
            "toast_seconds": now.settings.toast_seconds,
            "live_updates": now.settings.live_updates,
            "shortcuts": now.settings.shortcuts,
            "types": {row.type: _cells(row) for row in now.rows},
            "decided_by": {
                "quiet_hours": first["quiet"][1],
                **{name: first[name][1] for name in Attention.__slots__ if name != "quiet"},
            },
        }
    )
    told = shape.model_dump(mode="json", by_alias=True)
    for clock in told["quietHours"] or ():
        told["quietHours"][clock] = told["quietHours"][clock][:5]
    return told


def _switches(now: Preferences) -> dict[str, Any]:
    enabled = {channel.bit: _is_enabled(now, channel.bit) for channel in CHANNELS}
    notify = {
        name: all((row := now.of(event_type)) and row.cell("inbox").on for event_type in types)
        for name, types in names.NOTIFY.items()
    }
    detected = [
        name
        for name, event_type in names.DETECTED.items()
        if (row := now.of(event_type)) and row.cell("inbox").on
    ]
    return {
        **{name: enabled[bit] for name, bit in names.SWITCHES.items()},
        **notify,
        "notification_types": detected,
        "channels": {
            channel.name: {"set_up": channel.is_set_up, "enabled": enabled[channel.bit]}
            for channel in CHANNELS
        },
    }


def _is_enabled(now: Preferences, bit: int) -> bool:
    if now.common.personal.switched_off & bit:
        return False
    return not bit & names.OPT_IN or now.uses(bit)


def _cells(row: matrix.Row) -> dict[str, Any]:
    return {
        cell.channel: {
            "on": cell.on,
            "decided_by": cell.decided_by,
            "lock": cell.lock,
            "locked_by": cell.locked_by,
            "reason": cell.reason,
        }
        for cell in row.cells
    }
