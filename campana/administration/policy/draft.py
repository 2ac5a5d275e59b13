"""A change of one layer: as somebody wants it, and as it differs from what the layer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from campana.administration.policy.cells import differing, states
from campana.administration.policy.sheet import Line
from campana.preferences.attention import Attention
from campana.preferences.layers import TENANT
from campana.preferences.policy import Masks

Cells = Mapping[str, Mapping[str, str]]
"""type → channel → state."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of the layer of `role` ('' is the tenant).

    was: the cells that the form was drawn with. reasons: why a type is locked, where it is said;
    reason: the same for every type that is locked by this change. preset: one of PRESETS, to begin
    with. attention: hours and days, drawn with attention_was; None leaves them.
    """

    role: str = TENANT
    cells: Cells = field(default_factory=dict)
    was: Cells = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    preset: str = ""
    attention: Attention | None = None
    attention_was: Attention | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One cell that changes: from one state to another."""

    type: str
    channel: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The difference to what the layer says by now, type by type. theirs: cells (`type channel`)
    that somebody else changed meanwhile too, with their state."""

    role: str
    lines: Mapping[str, Line]
    before: Mapping[str, Masks]
    after: Mapping[str, Masks]
    attention_before: Attention
    attention: Attention | None
    theirs: Mapping[str, str]

    @property
    def is_nothing(self) -> bool:
        return not self.after and self.attention is None

    @property
    def steps(self) -> list[Step]:
        pairs = [(name, states(self.before[name]), states(self.after[name])) for name in self.after]
        return [
            Step(name, channel, was[channel], now[channel])
            for name, was, now in pairs
            for channel in now
            if was[channel] != now[channel]
        ]

    @property
    def locks(self) -> bool:
        """Whether something is locked by it, so that a reason is asked for."""
        return any(after.locked & ~self.before[name].locked for name, after in self.after.items())

    def as_rows(self) -> list[dict[str, Any]]:
        """For SQL: what the layer says afterwards, and which channels that touches."""
        return [
            {
                "type": name,
                "bits": differing(self.before[name], after),
                "value": after.value,
                "chosen": after.chosen,
                "locked": after.locked,
                "reason": after.reason,
            }
            for name, after in self.after.items()
        ]
