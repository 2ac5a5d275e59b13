"""Hours, days and lowest priority of a role: read for the form, understood from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from aiohttp import web

from campana.administration.policy.draft import Draft, Wanted
from campana.errors import Invalid
from campana.events import PRIORITIES
from campana.i18n import gettext as _
from campana.preferences import attention, layers, words
from campana.preferences.attention import EVERY_DAY, Attention, Quiet, columns_of
from campana.preferences.policy import Layers
from campana.vocabulary import priority_in_words
from handlers.admin import forms

USUAL = ("22:00", "07:00")
"""What the form proposes where there are no quiet hours."""
QUIET = ("", "none", "hours")
YES = {"": None, "true": True, "false": False}


class Step(NamedTuple):
    """One of them, before and after."""

    label: str
    before: str
    after: str


async def typed(request: web.Request) -> dict[str, Any]:
    """The fields as they came; `work_days` as bits of the days that are ticked."""
    return {**await forms.typed(request), "work_days": await forms.days(request)}


def wanted(typed: Mapping[str, Any], was: Mapping[str, Any]) -> Wanted:
    """The change that the form asks for; Invalid by field."""
    if not typed.get("layer"):
        raise Invalid(_("Choose a role."), field="layer")
    least = typed.get("min_priority") or None
    if least not in (None, *PRIORITIES):
        raise Invalid(_("Choose one of the list."), field="min_priority")
    said = Attention(
        min_priority=least,
        quiet=_quiet(typed),
        work_days=_days(typed),
        urgent_breaks_through=YES.get(typed.get("urgent_breaks_through", "")),
    )
    return Wanted(role=typed["layer"], attention=said, attention_was=_had(was))


async def read(tx: Any, me: Any, role: str, typed: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the form shows of a role: its own, or what was typed; what holds above. {} for ''."""
    if not role:
        return {}
    (own, above), labels = await _said(tx, me, role), _labels()
    return {
        "typed": typed or _as_form(own),
        "was": _was(own),
        "now": [f"{labels[name]}: {said}" for name, said in _in_words(own, above).items()],
        "above": {name: _of_layer(name, *first) for name, first in above.items()},
        "days": words.week(),
    }


async def steps(tx: Any, me: Any, draft: Draft) -> list[Step]:
    """What of hours and days a draft changes, as people read it."""
    if draft.attention is None:
        return []
    _own, above = await _said(tx, me, draft.role)
    before, after = (_in_words(said, above) for said in (draft.attention_before, draft.attention))
    return [
        Step(label, before[name], after[name])
        for name, label in _labels().items()
        if getattr(draft.attention_before, name) != getattr(draft.attention, name)
    ]


def again(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The hidden fields by which a preview asks for the same again."""
    names = ("layer", "min_priority", "quiet", "quiet_from", "quiet_to", "days")
    sent = [(name, str(typed.get(name, ""))) for name in (*names, "urgent_breaks_through")]
    bits = [1 << place for place in range(7)]
    return [*sent, *(("day", str(bit)) for bit in bits if typed["work_days"] & bit)]


def drawn_with(draft: Draft) -> str:
    """What `was` says of a preview: the hours as they are by now."""
    return _was(draft.attention_before)


async def _said(tx: Any, me: Any, role: str) -> tuple[Attention, dict[str, Any]]:
    """What the role says, and of each field what holds where it says nothing, and by whom."""
    every = (await layers.read(tx, me.tenant_id)).attention
    above = Layers(tenant_attention=every.get(layers.TENANT, Attention()))
    first = {name: above.first(name) for name in Attention.__slots__}
    return every.get(role, Attention()), first


def _labels() -> dict[str, str]:
    return {
        "min_priority": _("Lowest priority"),
        "quiet": _("Quiet hours"),
        "work_days": _("Work days"),
        "urgent_breaks_through": _("What is urgent breaks through"),
    }


def _in_words(said: Attention, above: Mapping[str, Any]) -> dict[str, str]:
    """Every field: what is said, else what holds above and that it is from there."""
    own = {name: getattr(said, name) for name in Attention.__slots__}
    return {
        name: _of_layer(name, *above[name]) if value is None else _value(name, value)
        for name, value in own.items()
    }


def _of_layer(name: str, value: Any, layer: str) -> str:
    """`Everybody: 22:00–07:00`"""
    who = _("Everybody") if layer == "tenant" else _("Default")
    return f"{who}: {_value(name, value)}"


def _was(said: Attention) -> str:
    kept = {name: _plain(value) for name, value in columns_of(said).items()}
    return forms.drawn_with(kept)


def _as_form(said: Attention) -> dict[str, Any]:
    begin, end = USUAL
    if said.quiet:
        begin, end = f"{said.quiet.start:%H:%M}", f"{said.quiet.end:%H:%M}"
    breaks = said.urgent_breaks_through
    return {
        "min_priority": said.min_priority or "",
        "quiet": "" if said.quiet is None else "hours" if said.quiet else "none",
        "quiet_from": begin,
        "quiet_to": end,
        "days": "" if said.work_days is None else "own",
        "work_days": said.work_days or EVERY_DAY,
        "urgent_breaks_through": "" if breaks is None else "true" if breaks else "false",
    }


def _quiet(typed: Mapping[str, Any]) -> Quiet | Literal[False] | None:
    if typed.get("quiet", "") not in QUIET:
        raise Invalid(_("Choose one of the list."), field="quiet")
    if typed.get("quiet") != "hours":
        return False if typed.get("quiet") == "none" else None
    hours = Quiet(_clock(typed, "quiet_from"), _clock(typed, "quiet_to"))
    if hours.start == hours.end:
        raise Invalid(_("Quiet hours end at another time than they begin."), field="quiet_to")
    return hours


def _days(typed: Mapping[str, Any]) -> int | None:
    if typed.get("days") != "own":
        return None
    if not typed["work_days"]:
        raise Invalid(_("At least one day is a work day."), field="work_days")
    return int(typed["work_days"])


def _clock(typed: Mapping[str, Any], field: str) -> dt.time:
    text = typed.get(field, "")
    try:
        clock = dt.time.fromisoformat(text)
    except ValueError:
        clock = None
    if clock is None or f"{clock:%H:%M}" != text:  # `22+01` and `T2200` are ISO times too
        raise Invalid(_("Write a time such as 22:00."), field=field)
    return clock


def _had(was: Mapping[str, Any]) -> Attention | None:
    """What the form was drawn with; None when it does not say so in a way that we understand."""
    try:
        row = {name: was[name] for name in columns_of(Attention())}
        return attention.attention_of(row)
    except (KeyError, TypeError, ValueError):
        return None


def _plain(value: Any) -> Any:
    return value.isoformat("minutes") if isinstance(value, dt.time) else value


def _value(name: str, value: Any) -> str:
    if name == "min_priority":
        return priority_in_words(value)
    if name == "work_days":
        return words.days_in_words(value)
    if name == "quiet":
        return words.hours_in_words(value) if value else _("none")
    return _("yes") if value else _("no")
