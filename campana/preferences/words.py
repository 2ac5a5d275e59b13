"""Preferences in the reader's words: channels, layers, businesses, and each step of a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import get_day_names

from campana import channels, i18n
from campana.i18n import gettext
from campana.i18n import marked as _
from campana.preferences.attention import EVERY_DAY, Quiet
from campana.preferences.policy import Step
from campana.vocabulary import priority_in_words

NOWHERE = "ZZ"
"""The territory of zones that belong to none (CLDR)."""

CHANNELS = {
    "inbox": _("Inbox"),
    "toast": _("Toast"),
    "sound": _("Sound"),
    "desktop": _("Desktop"),
    "email": _("E-mail"),
    "push": _("Push"),
    "sms": "SMS",
    "whatsapp": "WhatsApp",
}
LAYERS = {
    "type": _("Default"),
    "tenant": _("Your business"),
    "role": _("Your role"),
    "person": _("You"),
}
BUSINESSES = {
    "calendar": _("Appointments"),
    "crm": _("Conversations and leads"),
    "pos": _("Orders"),
    "sales": _("Sales"),
    "inventory": _("Stock"),
    "general": _("General"),
    "own": _("Of your business"),
}
LOCKS = {
    ("required", "tenant"): _("Required by your business"),
    ("required", "role"): _("Required for your role"),
    ("blocked", "tenant"): _("Blocked by your business"),
    ("blocked", "role"): _("Blocked for your role"),
}


def channel_in_words(name: str) -> str:
    return gettext(CHANNELS[name])


def layer_in_words(layer: str) -> str:
    return gettext(LAYERS[layer])


def business_in_words(name: str) -> str:
    return gettext(BUSINESSES[name])


def lock_in_words(lock: str, layer: str) -> str:
    return gettext(LOCKS[lock, layer])


def mask_in_words(mask: int) -> str:
    """`Inbox, Toast`; `nothing` for none."""
    names = [channel_in_words(channel.name) for channel in channels.CHANNELS if mask & channel.bit]
    return ", ".join(names) or gettext("nothing")


def hours_in_words(quiet: Quiet) -> str:
    return f"{quiet.start:%H:%M}–{quiet.end:%H:%M}"


def week(width: Literal["abbreviated", "wide"] = "abbreviated") -> list[tuple[int, str]]:
    """(place, name) of the seven days as the reader's week has them; place 0 is Monday."""
    names = get_day_names(width, locale=i18n.current_locale())
    first = _first_day(i18n.current_time_zone())
    places = [(first + later) % 7 for later in range(7)]
    return [(place, names[place].rstrip(".")) for place in places]


def days_in_words(mask: int) -> str:
    """`Mon, Tue`; `every day` for all seven."""
    if mask == EVERY_DAY:
        return gettext("every day")
    return ", ".join(name for place, name in week() if mask >> place & 1)


def until_in_words(moment: dt.datetime, time_zone: str) -> str:
    """`22 nov 2026, 15:04` by the clock of that zone."""
    with i18n.use_locale(i18n.current_locale(), time_zone):
        return i18n.date_and_time(moment.astimezone(ZoneInfo(time_zone)))


def step_in_words(step: Step) -> str:
    """One rule at work, as a sentence."""
    return _SENTENCES[step.rule](step)


@lru_cache(maxsize=512)
def _first_day(time_zone: str) -> int:
    """0 is Monday. Where somebody is decides it, not what they speak: Spanish begins the week on
    Sunday in San Salvador and on Monday in Madrid, and our locales name no country. The zone does;
    UTC lies in none, and ISO 8601 has Monday."""
    zone = get_global("zone_aliases").get(time_zone, time_zone)
    territory = get_global("zone_territories").get(zone, NOWHERE)
    try:
        return 0 if territory == NOWHERE else Locale.parse(f"und_{territory}").first_week_day
    except UnknownLocaleError:
        return 0


def _layer(said: str) -> Callable[[Step], str]:
    return lambda step: gettext(said) % {"channels": mask_in_words(step.after)}


def _plain(said: str) -> Callable[[Step], str]:
    return lambda step: gettext(said)


def _with(said: str, told: Callable[[Any], str]) -> Callable[[Step], str]:
    return lambda step: gettext(said) % {"detail": told(step.detail)}


_SENTENCES: dict[str, Callable[[Step], str]] = {
    "actor": _plain(_("You did it yourself, and nobody is told of their own deeds.")),
    "unseen": _plain(_("You may not see what it is about, so nothing arrives.")),
    "type": _layer(_("By default it goes to: %(channels)s.")),
    "tenant": _layer(_("Your business made that: %(channels)s.")),
    "role": _layer(_("Your role made that: %(channels)s.")),
    "person": _layer(_("You made that: %(channels)s.")),
    "switched_off": _layer(_("Without the channels that you switched off: %(channels)s.")),
    "no_inbox": _plain(_("It is switched off in the inbox, so nothing arrives.")),
    "minimum": _with(
        _("Its priority is below the minimum (%(detail)s), so nothing arrives."),
        priority_in_words,
    ),
    "paused": _plain(_("Notifications are paused: it arrives without noise.")),
    "urgent": _plain(_("It is urgent and breaks through quiet hours and days off.")),
    "day_off": _plain(_("It is a day off: it arrives without noise.")),
    "quiet": _with(
        _("These are quiet hours (%(detail)s): it arrives without noise."), hours_in_words
    ),
    "muted": _plain(_("You muted what it is about: it arrives without noise.")),
}
