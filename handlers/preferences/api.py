"""GET, PATCH and POST /api/notifications/preferences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aiohttp import web

from campana import users
from campana.channels import BY_NAME, CHANNELS
from campana.errors import Invalid
from campana.preferences import choices, matrix, muting, names
from campana.preferences.attention import days_of, mask_of_days
from campana.preferences.choices import Verb
from campana.preferences.matrix import Preferences
from campana.preferences.policy import Attention, Quiet
from campana.users import Person
from handlers import replies
from handlers.app_keys import DB
from handlers.declare import operation
from handlers.guards import signed_in
from handlers.preferences.shapes import PreferencesPatch, PreferencesShape, QuietHours

ATTENTION = {"min_priority", "quiet_hours", "work_days", "urgent_breaks_through"}
SETTINGS = {
    "toast_seconds": "toast_seconds",
    "live_updates": "live_updates",
    "shortcuts": "shortcuts",
    "reminder_minutes_before": "reminder_minutes",
}


@signed_in
@operation("Read your preferences", tag="preferences", answers={200: PreferencesShape})
async def show(request: web.Request) -> web.Response:
    """GET /api/notifications/preferences

    Effective values. types says of every type and channel whether it is on, which layer decided
    (type, tenant, role or person), and whether it is locked. Quiet hours, days off, pauses and
    mutes take away toast, sound and desktop; the notification is in the inbox at once all the same.
    """
    return replies.json(await _told(request, request["person"]))


@signed_in
@operation(
    "Change your preferences",
    tag="preferences",
    form=PreferencesPatch,
    answers={200: PreferencesShape},
)
async def update(request: web.Request, form: PreferencesPatch) -> web.Response:
    """PATCH /api/notifications/preferences

    All or nothing; used from the next event on. 409 where a layer above has locked it.
    """
    return await _change(request, form)


@signed_in
@operation(
    "Change your preferences",
    tag="preferences",
    form=PreferencesPatch,
    answers={200: PreferencesShape},
)
async def create(request: web.Request, form: PreferencesPatch) -> web.Response:
    """POST /api/notifications/preferences: as PATCH."""
    return await _change(request, form)


async def _change(request: web.Request, form: PreferencesPatch) -> web.Response:
    person: Person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        now = await matrix.of_person(tx, person)
    await choices.change(request.app[DB], person, *_verbs(form, now))
    if form.language is not None:
        await users.choose_locale(request.app[DB], person, form.language)
        person = replace(person, locale=form.language)
    return replies.json(await _told(request, person))


def _verbs(form: PreferencesPatch, now: Preferences) -> Iterator[Verb]:
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
    if on and bit & names.OPT_IN and not _is_used(now, bit):
        free = [row.type for row in now.rows if not row.layers.locked & bit]
        yield choices.choose(free, bit, on=True)


def _is_used(now: Preferences, bit: int) -> bool:
    return any(cell.on for row in now.rows for cell in row.cells if cell.bit == bit)


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


async def _told(request: web.Request, person: Person) -> dict[str, Any]:
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        now = await matrix.of_person(tx, person)
    return as_json(now, person.locale)


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
    return not bit & names.OPT_IN or _is_used(now, bit)


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
