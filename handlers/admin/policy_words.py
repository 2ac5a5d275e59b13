"""The policy in words: cells, and what was changed for whom."""

from __future__ import annotations

from typing import Any

from campana.administration.policy.draft import Draft
from campana.administration.policy.sheet import Cell
from campana.channels import BY_NAME
from campana.i18n import gettext as _
from campana.i18n import ngettext, number, pgettext
from campana.preferences.words import channel_in_words
from campana.vocabulary import type_in_words


def state_in_words(cell: Cell, state: str) -> str:
    """`Required`; for what is not said here what holds instead, by whom: `On (default)`."""
    above, locked = _above(cell), _("locked")
    return _words().get(state, above if state == "above" else f"{above} ({locked})")


def audited_cell(field: str) -> str:
    """What the audit calls `sale:created toast`: `New sale · Toast`."""
    event_type, _space, channel = field.partition(" ")
    known = channel_in_words(channel) if channel in BY_NAME else _("Reason")
    return f"{type_in_words(event_type)} · {known}"


def audited_state(state: str) -> str:
    """What the audit calls the state of a cell; a reason is its own word."""
    return {**_words(), "above": _("as above"), "fixed": _("locked")}.get(state, state)


def cell_in_words(draft: Draft, event_type: str, channel: str, state: str) -> str:
    """The same of a cell of a draft, or of what somebody else made of it."""
    cell = next(one for one in draft.lines[event_type].cells if one.channel == channel)
    return state_in_words(cell, state)


def change_in_words(row: Any) -> str:
    """The last change: `New sale and 2 more for SELLER, 142 people`."""
    types = len(row["after"]["types"])
    who = row["role"] or _("Everybody")
    said = _("hours and days")
    if types:
        said = ngettext("%(count)s type", "%(count)s types", types) % {"count": number(types)}
    return f"{who} · {said} · {_people(row['people'])}"


def applied(people: int) -> str:
    """What a page says after a change."""
    said = ngettext(
        "Saved. It changes something for %(count)s person, from the next event on.",
        "Saved. It changes something for %(count)s people, from the next event on.",
        people,
    )
    return said % {"count": number(people)}


def _words() -> dict[str, str]:
    return {
        "on": pgettext("channel", "On"),
        "off": pgettext("channel", "Off"),
        "required": _("Required"),
        "blocked": _("Blocked"),
    }


def _people(count: int) -> str:
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": number(count)}


def _above(cell: Cell) -> str:
    if cell.above_by == "tenant":
        return _("On (everybody)") if cell.above else _("Off (everybody)")
    return _("On (default)") if cell.above else _("Off (default)")
