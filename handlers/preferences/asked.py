"""What a PATCH of preferences asks for, as the verbs of campana/preferences/choices.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from campana.channels import BY_NAME
from campana.errors import Invalid
from campana.preferences import choices, matrix, muting, names
from campana.preferences.attention import Attention, Quiet, mask_of_days
from campana.preferences.choices import Verb
from campana.preferences.matrix import Preferences
from handlers.preferences.shapes import PreferencesPatch, QuietHours

ATTENTION = {"min_priority", "quiet_hours", "work_days", "urgent_breaks_through"}
SETTINGS = {
    "toast_seconds": "toast_seconds",
    "live_updates": "live_updates",
    "shortcuts": "shortcuts",
    "reminder_minutes_before": "reminder_minutes",
}


def verbs(form: PreferencesPatch, now: Preferences) -> Iterator[Verb]:
    """In the order in which they count: what is reset first, then what is chosen."""
    if form.reset:
        yield choices.unchoose_all()
        now = replace(now, settings=matrix.UserSettings())
    yield from _of_channels(form, now)
    yield from _of_types(form)
    if form.model_fields_set & ATTENTION:
        own = Attention() if form.reset else now.common.personal
        yield choices.attend(_attention(form, own))
    yield from _of_person(form, now)


def _of_channels(form: PreferencesPatch, now: Preferences) -> Iterator[Verb]:
    for name, bit in names.SWITCHES.items():
        if (on := getattr(form, name)) is not None:
            yield from _switch(bit, now, on=on)


def _of_types(form: PreferencesPatch) -> Iterator[Verb]:
    inbox = BY_NAME["inbox"].bit
    for name, types in names.NOTIFY.items():
        if (on := getattr(form, name)) is not None:
            yield choices.choose(types, inbox, on=on)
    if form.notification_types is not None:
        for name, event_type in names.DETECTED.items():
            yield choices.choose([event_type], inbox, on=name in form.notification_types)
    yield from _types(form)


def _of_person(form: PreferencesPatch, now: Preferences) -> Iterator[Verb]:
    given = form.model_fields_set
    said = {ours: getattr(form, name) for name, ours in SETTINGS.items()}
    if changed := {name: value for name, value in said.items() if value is not None}:
        yield choices.settle(replace(now.settings, **changed))
    if "paused_until" in given:
        yield choices.pause(form.paused_until)
    if form.muted_subjects is not None:
        yield from _mutes(form.muted_subjects, now)
    if "time_zone" in given:
        yield choices.move(form.time_zone)


def _switch(bit: int, now: Preferences, *, on: bool) -> Iterator[Verb]:
    yield choices.switch(bit, on=on)
    if on and bit & names.OPT_IN and not now.uses(bit):
        free = [row.type for row in now.rows if not row.layers.locked & bit]
        yield choices.choose(free, bit, on=True)


def _types(form: PreferencesPatch) -> Iterator[Verb]:
    for event_type, wanted in (form.types or {}).items():
        for channel, on in wanted.items():
            bit = BY_NAME[channel].bit
            if on is None:
                yield choices.unchoose([event_type], bit)
            else:
                yield choices.choose([event_type], bit, on=on)


def _attention(form: PreferencesPatch, own: Attention) -> Attention:
    """The person's own, with what is given in its place."""
    given = form.model_fields_set
    quiet = own.quiet
    if "quiet_hours" in given:
        quiet = _quiet(form.quiet_hours)
    days = own.work_days
    if "work_days" in given:
        days = None if form.work_days is None else mask_of_days(list(form.work_days))
    least = form.min_priority if "min_priority" in given else own.min_priority
    breaks = own.urgent_breaks_through
    if "urgent_breaks_through" in given:
        breaks = form.urgent_breaks_through
    return Attention(min_priority=least, quiet=quiet, work_days=days, urgent_breaks_through=breaks)


def _quiet(wanted: QuietHours | str | None) -> Any:
    if isinstance(wanted, QuietHours):
        return Quiet(wanted.start.replace(tzinfo=None), wanted.end.replace(tzinfo=None))
    return False if wanted is None else None


def _mutes(wanted: list[str], now: Preferences) -> Iterator[Verb]:
    if len(set(wanted)) > muting.MOST_MUTES:
        raise Invalid("Too many subjects.", field="mutedSubjects")
    yield from (muting.unmute(subject) for subject in now.muted if subject not in wanted)
    yield from (muting.mute(subject) for subject in wanted if subject not in now.muted)
