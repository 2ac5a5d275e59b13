"""What a person decides. Every verb counts from the very next event on.

`change` is the door for handlers: it runs one verb and tells the person's other devices.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from campana import channels, signals
from campana.db import Database, Tx
from campana.errors import Conflict, Invalid
from campana.preferences import attention, matrix
from campana.preferences.attention import Attention
from campana.preferences.matrix import UserSettings
from campana.queries import queries
from campana.users import Person

MOST_REMINDERS = 10
FARTHEST_REMINDER = 7 * 24 * 60
"""Minutes before an appointment."""
LONGEST_PAUSE = dt.timedelta(days=366)

Verb = Callable[[Tx, Person], Awaitable[None]]


async def change(db: Database, person: Person, *verbs: Verb) -> None:
    """Run verbs in one transaction, all or nothing; the person's other pages hear of it."""
    async with db.tenant(person.tenant_id, person.id) as tx:
        for verb in verbs:
            await verb(tx, person)
        signal_id = await queries.preferences.tell(tx, **whose(person))
    await signals.hint(db, person.tenant_id, users=[person.id], signals=[signal_id])


def choose(types: Sequence[str], mask: int, *, on: bool) -> Verb:
    """These channels of these types on or off. Conflict where a layer above has locked one."""

    async def run(tx: Tx, person: Person) -> None:
        await _refuse_locked(tx, person, types, mask, on=on)
        value = mask if on else 0
        await queries.preferences.choose(
            tx, **whose(person), types=list(types), value=value, bits=mask
        )

    return run


def unchoose(types: Sequence[str], mask: int = channels.ALL) -> Verb:
    """These channels of these types as the layers above say."""

    async def run(tx: Tx, person: Person) -> None:
        await _known(tx, person, types)
        await queries.preferences.unchoose(tx, **whose(person), types=list(types), bits=mask)

    return run


def unchoose_all() -> Verb:
    """Everything as the layers above say: types, hours, pause, and what else was chosen. Mutes of
    single subjects stay."""

    async def run(tx: Tx, person: Person) -> None:
        await queries.preferences.unchoose_all(tx, **whose(person))
        await queries.preferences.forget_attention(tx, **whose(person))
        await queries.preferences.forget_settings(tx, **whose(person))

    return run


def attend(wanted: Attention) -> Verb:
    """Minimum priority, quiet hours, work days, and whether urgent breaks through; all of them."""
    columns = attention.columns_of(wanted)

    async def run(tx: Tx, person: Person) -> None:
        await queries.preferences.attend(tx, **whose(person), **columns)

    return run


def switch(mask: int, *, on: bool) -> Verb:
    """Do without these channels whatever the type, or use them again."""
    return saving(queries.preferences.switch, bits=mask, off=0 if on else mask)


def pause(until: dt.datetime | None) -> Verb:
    """No noise until then; None goes on at once. Invalid for the past, or beyond a year."""
    if until is not None:
        _check_pause(until)
    return saving(queries.preferences.pause, until=until)


def settle(wanted: UserSettings) -> Verb:
    """Toast length, live updates, shortcuts, reminder minutes; all of them."""
    minutes = _checked_minutes(wanted.reminder_minutes)
    if not 2 <= wanted.toast_seconds <= 60:
        raise Invalid("Between 2 and 60 seconds, please.", field="toastSeconds")
    return saving(
        queries.preferences.settle,
        toast_seconds=wanted.toast_seconds,
        live_updates=wanted.live_updates,
        shortcuts=wanted.shortcuts,
        reminder_minutes=minutes,
    )


def move(time_zone: str | None) -> Verb:
    """The person's own time zone (IANA); None: the tenant's."""

    async def run(tx: Tx, person: Person) -> None:
        known = time_zone is None or await queries.preferences.knows_zone(tx, time_zone=time_zone)
        if not known:
            raise Invalid(
                f"There is no time zone {str(time_zone)[:60]!r}.",
                field="timeZone",
                hint="Write it as in America/El_Salvador.",
            )
        await queries.preferences.move(tx, **whose(person), time_zone=time_zone)

    return run


def saving(query: Callable[..., Awaitable[Any]], **values: Any) -> Verb:
    """One question of sql/queries/preferences.sql as a verb."""

    async def run(tx: Tx, person: Person) -> None:
        await query(tx, **whose(person), **values)

    return run


def whose(person: Person) -> dict[str, UUID]:
    """By what these questions know a person."""
    return {"tenant": person.tenant_id, "reader": person.id}


async def _refuse_locked(
    tx: Tx, person: Person, types: Sequence[str], mask: int, *, on: bool
) -> None:
    for row in await _known(tx, person, types):
        for cell in row.cells:
            if cell.bit & mask and cell.lock and cell.on != on:
                said = "required" if cell.on else "blocked"
                raise Conflict(
                    f"{row.type} on {cell.channel} is {said} by your {cell.locked_by}.",
                    field=f"types.{row.type}.{cell.channel}",
                    hint="Ask an administrator of your tenant.",
                )


async def _known(tx: Tx, person: Person, types: Sequence[str]) -> list[matrix.Row]:
    found = await matrix.of_person(tx, person)
    rows = {row.type: row for row in found.rows}
    if unknown := [name for name in types if name not in rows]:
        raise Invalid(
            f"There is no type {unknown[0][:80]!r} that leaves notifications.",
            field=f"types.{unknown[0][:80]}",
            code="unknown_type",
        )
    return [rows[name] for name in types]


def _check_pause(until: dt.datetime) -> None:
    now = dt.datetime.now(dt.UTC)
    if until.tzinfo is None:
        raise Invalid("The moment lacks its time zone.", field="pausedUntil")
    if not now < until <= now + LONGEST_PAUSE:
        raise Invalid(
            "A pause ends in the future, within a year.",
            field="pausedUntil",
            hint="To go on at once, send null.",
        )


def _checked_minutes(minutes: Sequence[int]) -> list[int]:
    if len(minutes) > MOST_REMINDERS:
        raise Invalid(
            f"At most {MOST_REMINDERS} reminders.",
            field="reminderMinutesBefore",
            hint="For example 1440, 60: a day and an hour before.",
        )
    if any(not 1 <= minute <= FARTHEST_REMINDER for minute in minutes):
        raise Invalid(
            f"A reminder comes 1 to {FARTHEST_REMINDER:,} minutes before.",
            field="reminderMinutesBefore",
        )
    return sorted(set(minutes), reverse=True)
