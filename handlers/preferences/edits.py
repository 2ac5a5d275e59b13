"""The forms of the page of preferences. Each saves one change and says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from campana.channels import BY_NAME
from campana.errors import CampanaError, Conflict, Invalid
from campana.i18n import gettext as _
from campana.preferences import choices, matrix, muting, trial, words
from campana.preferences.attention import DAYS, Attention, Quiet, mask_of_days
from campana.preferences.choices import Verb
from campana.vocabulary import type_in_words
from handlers import flashes, inputs, replies
from handlers.app_keys import DB
from handlers.guards import signed_in
from handlers.preferences import pages

ON_OFF = {"on": True, "off": False}


@signed_in
async def types(request: web.Request) -> web.StreamResponse:
    """POST /preferences/types (change: `<types> <channel> on|off|default`; types with commas)"""
    fields = await inputs.form(request)
    names, channel, wanted = _change(fields.get("change", ""))
    chosen = names.split(",")
    mask = BY_NAME[channel].bit if channel != "all" else sum(c.bit for c in BY_NAME.values())
    verb = choices.unchoose(chosen, mask)
    if wanted != "default":
        verb = choices.choose(chosen, mask, on=ON_OFF[wanted])
    return await _save(request, verb, said=_of_types(chosen, channel, wanted))


@signed_in
async def channels(request: web.Request) -> web.StreamResponse:
    """POST /preferences/channels (change: `<channel> on|off`): for every type"""
    fields = await inputs.form(request)
    _names, channel, wanted = _change(f"all {fields.get('change', '')}")
    if channel in ("all", "inbox") or wanted == "default":
        raise _unclear()
    verb = choices.switch(BY_NAME[channel].bit, on=ON_OFF[wanted])
    said = {"on": _("%(channel)s is on."), "off": _("%(channel)s is off for everything.")}[wanted]
    return await _save(request, verb, said=said % {"channel": words.channel_in_words(channel)})


@signed_in
async def hours(request: web.Request) -> web.StreamResponse:
    """POST /preferences/hours (min_priority, quiet, start, end, days, monday …, urgent, time_zone).

    quiet and days: own, or none, or as given.
    """
    fields = await inputs.form(request)
    try:
        verbs = [choices.attend(_attention(fields)), choices.move(fields.get("time_zone") or None)]
    except (Invalid, ValueError) as error:
        return await _refused(request, error)
    return await _save(request, *verbs, said=_("Your hours are saved."))


@signed_in
async def habits(request: web.Request) -> web.StreamResponse:
    """POST /preferences/habits (toast_seconds, reminder_minutes, live_updates, shortcuts)"""
    fields = await inputs.form(request)
    try:
        verb = choices.settle(
            matrix.UserSettings(
                toast_seconds=int(fields.get("toast_seconds") or matrix.TOAST_SECONDS),
                live_updates=fields.get("live_updates") == "on",
                shortcuts=fields.get("shortcuts") == "on",
                reminder_minutes=tuple(_numbers(fields.get("reminder_minutes", ""))),
            )
        )
    except (Invalid, ValueError) as error:
        return await _refused(request, error)
    return await _save(
        request, verb, said=_("Saved. Open pages follow when they are loaded again.")
    )


@signed_in
async def pause(request: web.Request) -> web.StreamResponse:
    """POST /preferences/pause (for: hour, tomorrow, date or nothing; date)"""
    fields = await inputs.form(request)
    person = request["person"]
    try:
        until = _until(fields, ZoneInfo(person.time_zone))
        verb = choices.pause(until)
    except (Invalid, ValueError) as error:
        return await _refused(request, error)
    said = _("Notifications make noise again.")
    if until is not None:
        said = _("Paused until %(moment)s. Nothing is lost: it is all in the inbox.") % {
            "moment": words.until_in_words(until, person.time_zone)
        }
    return await _save(request, verb, said=said)


@signed_in
async def mutes(request: web.Request) -> web.StreamResponse:
    """POST /preferences/mutes (mute or unmute: a subject)"""
    fields = await inputs.form(request)
    try:
        if "unmute" in fields:
            verb, said = muting.unmute(fields["unmute"]), _("You will hear of it again.")
        else:
            verb, said = muting.mute(fields.get("mute", "")), _("Muted: it comes without noise.")
    except Invalid as error:
        return await _refused(request, error)
    return await _save(request, verb, said=said)


@signed_in
async def reset(request: web.Request) -> web.StreamResponse:
    """POST /preferences/reset: everything as business and role say"""
    return await _save(
        request, choices.unchoose_all(), said=_("Everything is as it was given to you.")
    )


@signed_in
async def test(request: web.Request) -> web.StreamResponse:
    """POST /preferences/test: sends a notification to oneself and says what became of it"""
    await inputs.form(request)
    outcome = await trial.send(request.app[DB], request["person"])
    return await pages.show(request, None, **pages.told(outcome))


async def _save(request: web.Request, *verbs: Verb, said: str) -> web.StreamResponse:
    try:
        await choices.change(request.app[DB], request["person"], *verbs)
    except (Conflict, Invalid) as error:
        return await _refused(request, error)
    if replies.is_htmx(request):
        return await pages.show(request, {"variant": "success", "text": said})
    await flashes.leave(request, said, variant="success")
    return replies.see_other(pages.PAGE)


async def _refused(request: web.Request, error: Exception) -> web.StreamResponse:
    """The page again, with what to do; htmx puts in its place only what is no error."""
    return await pages.show(request, {"variant": "error", "text": _why(error)}, 422)


def _why(error: Exception) -> str:
    """In the reader's words: what is wrong and what helps."""
    field = error.field if isinstance(error, CampanaError) else ""
    known = {
        "minPriority": _("Choose one of the priorities."),
        "quietHours": _("Quiet hours need two different times, such as 22:00 and 08:00."),
        "workDays": _("At least one day is a work day. To hear nothing at all, pause."),
        "timeZone": _("There is no such time zone. Write it as in America/El_Salvador."),
        "pausedUntil": _("A pause ends in the future, within a year."),
        "subject": _("That cannot be muted."),
        "toastSeconds": _("Toasts stay between 2 and 60 seconds."),
        "reminderMinutesBefore": _("Up to ten numbers of minutes, each at most 10,080 (a week)."),
    }
    if isinstance(error, Conflict):
        return _("Your business or role decides this. Ask an administrator.")
    return known.get(field or "", _("This value does not fit."))


def _change(text: str) -> tuple[str, str, str]:
    match text.split(" "):
        case [names, channel, wanted] if wanted in ("on", "off", "default"):
            if channel in BY_NAME or (channel == "all" and wanted == "default"):
                return names, channel, wanted
    raise _unclear()


def _unclear() -> Invalid:
    return Invalid("This change cannot be read.", field="change", hint="Load the page again.")


def _of_types(names: list[str], channel: str, wanted: str) -> str:
    what = type_in_words(names[0]) if len(names) == 1 else _("All of this group")
    if channel == "all":
        return _("%(type)s: as it was given to you.") % {"type": what}
    said = {
        "on": _("%(type)s: %(channel)s is on."),
        "off": _("%(type)s: %(channel)s is off."),
        "default": _("%(type)s: %(channel)s is as it was given to you."),
    }[wanted]
    return said % {"type": what, "channel": words.channel_in_words(channel)}


def _attention(fields: Mapping[str, str]) -> Attention:
    urgent = {"yes": True, "no": False}.get(fields.get("urgent", ""))
    quiet: Any = {"none": False}.get(fields.get("quiet", ""))
    if fields.get("quiet") == "own":
        quiet = Quiet(_clock(fields.get("start", "")), _clock(fields.get("end", "")))
    days = None
    if fields.get("days") == "own":
        days = mask_of_days([day for day in DAYS if fields.get(day) == "on"])
    return Attention(
        min_priority=fields.get("min_priority") or None,
        quiet=quiet,
        work_days=days,
        urgent_breaks_through=urgent,
    )


def _clock(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Invalid("A time is written HH:MM.", field="quietHours") from None


def _numbers(text: str) -> list[int]:
    parts = text.replace(";", ",").replace(" ", ",").split(",")
    try:
        return [int(part) for part in parts if part][:100]
    except ValueError:
        raise Invalid("Numbers, please.", field="reminderMinutesBefore") from None


def _until(fields: Mapping[str, str], zone: ZoneInfo) -> dt.datetime | None:
    now = dt.datetime.now(zone)
    match fields.get("for"):
        case "hour":
            return now + dt.timedelta(hours=1)
        case "tomorrow":
            day = now.date() + dt.timedelta(days=1)
        case "date":
            day = _day(fields.get("date", ""))
        case _:
            return None
    return dt.datetime.combine(day, dt.time(), zone)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid("A date, please.", field="pausedUntil") from None
