"""Preferences as the API tells them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from campana.channels import CHANNELS
from campana.preferences import matrix, names
from campana.preferences.attention import Attention, days_of
from campana.preferences.matrix import Preferences
from campana.preferences.policy import Layers
from handlers.preferences.shapes import PreferencesShape


def as_json(now: Preferences, locale: str) -> dict[str, Any]:
    """PreferencesShape as a dictionary."""
    shape = PreferencesShape.model_validate(
        {
            **_switches(now),
            **_attention(now.common),
            "reminder_minutes_before": list(now.settings.reminder_minutes),
            "muted_subjects": now.muted,
            "time_zone": now.common.time_zone,
            "language": locale,
            "toast_seconds": now.settings.toast_seconds,
            "live_updates": now.settings.live_updates,
            "shortcuts": now.settings.shortcuts,
            "types": {row.type: _cells(row) for row in now.rows},
        }
    )
    told = shape.model_dump(mode="json", by_alias=True)
    for clock in told["quietHours"] or ():
        told["quietHours"][clock] = told["quietHours"][clock][:5]
    return told


def _attention(common: Layers) -> dict[str, Any]:
    said = {name: common.first(name) for name in Attention.__slots__}
    values: dict[str, Any] = {name: value for name, (value, _layer) in said.items()}
    layers = {name: layer for name, (_value, layer) in said.items()}
    quiet = values.pop("quiet")
    return {
        **values,
        "quiet_hours": {"start": quiet.start, "end": quiet.end} if quiet else None,
        "work_days": days_of(values["work_days"]),
        "paused_until": common.personal.pause_at(dt.datetime.now(dt.UTC)),
        "decided_by": {"quiet_hours": layers.pop("quiet"), **layers},
    }


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
