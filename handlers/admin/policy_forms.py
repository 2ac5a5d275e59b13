"""What forms of the policy send, and what they carry on: cells are fields `<type> <channel>`,
or `all <channel>` for those of one form; `reason <type>` says why one is locked."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from campana.administration.policy import cells
from campana.administration.policy.change import APPLIES_TO, AppliesTo
from campana.administration.policy.draft import Draft, Wanted
from campana.administration.policy.sheet import Line
from campana.errors import Invalid
from campana.i18n import gettext as _
from handlers.admin import forms

REASON, ALL = "reason", "all"


async def wanted(request: web.Request) -> Wanted:
    """The change that the form asks for; nothing of it is checked yet."""
    typed, drawn = await forms.typed(request), await forms.was(request)
    pairs = [(*name.split(" ", 1), value) for name, value in typed.items() if " " in name]
    said: dict[str, dict[str, str]] = {}
    for name, channel, value in pairs:
        if name not in (REASON, ALL):
            said.setdefault(name, {})[channel] = typed.get(f"{ALL} {channel}") or value
    return Wanted(
        role=typed.get("layer", ""),
        cells=said,
        was={name: cells.decoded(code) for name, code in drawn.items()},
        reasons={name: value for kind, name, value in pairs if kind == REASON},
        reason=typed.get(REASON),
        preset=typed.get("preset", ""),
    )


async def applies_to(request: web.Request) -> AppliesTo:
    """For whom; Invalid for anything else."""
    sent = (await forms.typed(request)).get("applies_to", "")
    found = next((one for one in APPLIES_TO if one == sent), None)
    if found is None:
        raise Invalid(_("Choose for whom it counts."), field="applies_to")
    return found


def drawn_with(lines: Iterable[Line]) -> str:
    """What `was` says of a form with these lines."""
    return forms.drawn_with({line.type: cells.code(line.masks) for line in lines})


def again(asked: Wanted, draft: Draft) -> list[tuple[str, str]]:
    """The hidden fields by which a preview asks for the same again."""
    steps = [(f"{step.type} {step.channel}", step.after) for step in draft.steps]
    reasons = [(f"{REASON} {name}", said) for name, said in asked.reasons.items()]
    return [("layer", asked.role), ("preset", asked.preset), *steps, *reasons]
