"""Languages: which words, dates and numbers the reader at hand gets.

In: `use_locale(locale, time_zone)` around whatever is rendered for one reader.
Out: `gettext` and its plural, and the formats that templates use as filters.
The catalogues are the .po files themselves, read once: nothing compiled to keep up to date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

CATALOGUES = Path(__file__).parent.parent / "locale"
LOCALES = ("es", "en")
LANGUAGE_NAMES = {"es": "Español", "en": "English"}
DEFAULT_LOCALE = "es"
DEFAULT_CURRENCY = "USD"


class Reading(NamedTuple):
    """How the reader at hand reads."""

    locale: str
    time_zone: str


UNKNOWN = Reading(DEFAULT_LOCALE, "UTC")
_reading: ContextVar[Reading] = ContextVar("reading", default=UNKNOWN)


@contextmanager
def use_locale(locale: str | None, time_zone: str | None = None) -> Iterator[Reading]:
    """Renders everything inside for a reader of `locale` (else the default) in `time_zone`."""
    reading = Reading(known_locale(locale), time_zone or "UTC")
    token = _reading.set(reading)
    try:
        yield reading
    finally:
        _reading.reset(token)


def marked(message: str) -> str:
    """As it is: marks a text for translation, which happens when it is shown."""
    return message


def current_locale() -> str:
    return _reading.get().locale


def current_time_zone() -> str:
    return _reading.get().time_zone


def known_locale(wanted: str | None) -> str:
    """The catalogue for a tag such as `es-SV`; the default for an unknown one."""
    language = (wanted or "").replace("_", "-").split("-")[0].lower()
    return language if language in LOCALES else DEFAULT_LOCALE


def negotiate(accept_language: str | None, default: str = DEFAULT_LOCALE) -> str:
    """The best of our locales for an `Accept-Language` header (RFC 9110, 12.5.4)."""
    wanted = [tag.replace("-", "_") for tag in _by_preference(accept_language or "")]
    return negotiate_locale(wanted, LOCALES) or default


def gettext(message: str) -> str:
    return catalogue(current_locale()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    return catalogue(current_locale()).ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    return catalogue(current_locale()).pgettext(context, message)


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    return catalogue(current_locale()).npgettext(context, singular, plural, number)


@lru_cache(maxsize=len(LOCALES))
def catalogue(locale: str) -> NullTranslations:
    """The translations into `locale`; English is what the source says."""
    source = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return NullTranslations()
    with source.open("rb") as lines:
        parsed = read_po(lines, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, parsed)
    compiled.seek(0)
    return GNUTranslations(compiled)


def date_and_time(moment: dt.datetime) -> str:
    """`22 nov 2026, 15:04` in the reader's time zone."""
    return format_datetime(moment, "d MMM y, HH:mm", tzinfo=_zone(), locale=_locale())


def day_of(moment: dt.datetime) -> dt.date:
    """The day it is then where the reader is."""
    return moment.astimezone(_zone()).date()


def day_in_words(day: dt.date, today: dt.date) -> str:
    """`Today`, `Yesterday`, `Monday 16 November`; with its year when that is another one."""
    if day >= today:  # clocks differ: nothing comes from tomorrow
        return gettext("Today")
    if day == today - dt.timedelta(days=1):
        return gettext("Yesterday")
    pattern = gettext("EEEE, MMMM d") if day.year == today.year else gettext("MMMM d, y")
    said = format_date(day, pattern, locale=_locale())
    return said[:1].upper() + said[1:]


def time_of_day(moment: dt.datetime) -> str:
    """`15:04` in the reader's time zone."""
    return format_datetime(moment, "HH:mm", tzinfo=_zone(), locale=_locale())


def relative(moment: dt.datetime, now: dt.datetime | None = None) -> str:
    """`5 min ago`; a date after a week. The browser goes on counting from there."""
    age = (now or dt.datetime.now(dt.UTC)) - moment
    if age >= dt.timedelta(days=7):
        return format_date(moment.astimezone(_zone()), "medium", locale=_locale())
    if age < dt.timedelta(minutes=1):
        return gettext("just now")
    return format_timedelta(
        -age,
        granularity="minute",
        threshold=1,
        add_direction=True,
        format="short",
        locale=_locale(),
    )


def money(amount: object, currency: object = None) -> str:
    """An amount in its currency (ISO 4217); whatever is no number comes back as its text."""
    number = _decimal(amount)
    if number is None:
        return str(amount or "")
    code = str(currency or DEFAULT_CURRENCY).upper()[:3]
    return format_currency(number, code, locale=_number_locale(), currency_digits=True)


def number(value: object) -> str:
    """A number as the reader writes it; whatever is no number comes back as its text."""
    as_decimal = _decimal(value)
    return (
        str(value or "")
        if as_decimal is None
        else format_decimal(as_decimal, locale=_number_locale())
    )


def _by_preference(header: str) -> list[str]:
    weighted = []
    for part in header[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weighted.append((-float(quality or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for quality, tag in sorted(weighted, key=lambda pair: pair[0]) if tag and quality]


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() and abs(parsed.adjusted()) < 30 else None


def _zone() -> ZoneInfo:
    return _zone_named(current_time_zone())


@lru_cache(maxsize=512)
def _zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        return ZoneInfo("UTC")


def _locale() -> Locale:
    return _parsed(current_locale())


def _number_locale() -> Locale:
    """Central American Spanish: `$12.50`, where Spain would write `12,50 US$`."""
    return _parsed("es_SV" if current_locale() == "es" else current_locale())


@lru_cache(maxsize=8)
def _parsed(tag: str) -> Locale:
    try:
        return Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LOCALE)
