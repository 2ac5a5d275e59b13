"""Charts as numbers: what templates/admin/statistics/_charts.html draws as SVG, with its table.

A chart is 600 wide and 120 high; y grows downwards, as in SVG.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log10
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from campana.i18n import current_locale, current_time_zone
from campana.i18n import gettext as _
from campana.statistics import Point, Span, Statistics

WIDTH, HEIGHT = 600, 120
GAP = 0.25
"""Of a bar's place."""


class Bar(NamedTuple):
    """A rectangle, in the chart's own units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Series:
    """values: one per point, None where there is nothing. path: a line through them."""

    label: str
    values: list[float | None]
    path: str
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """top: the value at its upper edge. times: of its points, in words."""

    name: str
    title: str
    unit: str
    top: float
    series: list[Series]
    times: list[str]

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)


Value = Callable[[Point], float | None]


def of(found: Statistics) -> list[Chart]:
    """All charts of a page, in its order."""
    whole: list[tuple[str, str, str, list[tuple[str, Value]]]] = [
        ("events", _("Events"), "", [(_("Events"), lambda p: p.events)]),
        (
            "notifications",
            _("Notifications"),
            "",
            [(_("Notifications"), lambda p: p.notifications)],
        ),
        (
            "latency",
            _("Time from event to bell"),
            "ms",
            [(_("half of them"), lambda p: p.p50), (_("95 of 100"), lambda p: p.p95)],
        ),
        ("connections", _("Open connections"), "", [(_("Connections"), lambda p: p.connections)]),
        (
            "reconnections",
            _("Connections that come back"),
            "%",
            [(_("Connections that were cut and came back"), lambda p: p.reconnection_rate)],
        ),
        (
            "errors",
            _("Requests that fail"),
            "%",
            [(_("Requests that fail"), lambda p: p.error_rate)],
        ),
    ]
    times = [moment_in_words(point.at, found.span) for point in found.points]
    return [
        _chart(name, title, unit, series, found.points, times)
        for name, title, unit, series in whole
    ]


def moment_in_words(at: datetime, span: Span) -> str:
    """`15:04`, or `22 nov` for a day."""
    zone, locale = current_time_zone(), current_locale()
    if span == "month":
        return format_date(at.date(), "d MMM", locale=locale)
    return format_time(at, "HH:mm", tzinfo=ZoneInfo(zone), locale=locale)


def in_words(value: float | None, unit: str = "") -> str:
    """`1,234`, `12 ms`, `—` for nothing."""
    if value is None:
        return "—"
    said = format_decimal(value, format="#,##0.#", locale=current_locale())
    return f"{said} {unit}" if unit else said


def round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, …: what an axis ends with."""
    if value <= 1:
        return 1
    step: float = 10 ** int(log10(value))
    return next(step * factor for factor in (1, 2, 5, 10) if value <= step * factor)


def _chart(
    name: str,
    title: str,
    unit: str,
    series: Sequence[tuple[str, Value]],
    points: Sequence[Point],
    times: list[str],
) -> Chart:
    values = [[value(point) for point in points] for _label, value in series]
    most = max((one for some in values for one in some if one is not None), default=0)
    top = round_up(ceil(most))
    are_bars = len(series) == 1
    drawn = [
        Series(label, some, "" if are_bars else _path(some, top), _bars(some, top, are_bars))
        for (label, _value), some in zip(series, values, strict=True)
    ]
    return Chart(name, title, unit, top, drawn, times)


def _bars(values: list[float | None], top: float, are_bars: bool) -> list[Bar]:
    place = WIDTH / len(values)
    return [
        Bar(
            round((number + GAP / 2) * place, 1),
            round(HEIGHT - value / top * HEIGHT, 1),
            round(place * (1 - GAP), 1),
            round(value / top * HEIGHT, 1),
        )
        for number, value in enumerate(values)
        if are_bars and value
    ]


def _path(values: list[float | None], top: float) -> str:
    """A line that breaks off where there is nothing; a point alone is a short dash."""
    place = WIDTH / len(values)
    said, pen_is_down = [], False
    for number, value in enumerate(values):
        if value is not None:
            x, y = round((number + 0.5) * place, 1), round(HEIGHT - value / top * HEIGHT, 1)
            said.append(f"L{x} {y}" if pen_is_down else f"M{x - 2} {y}L{x} {y}")
        pen_is_down = value is not None
    return "".join(said)
