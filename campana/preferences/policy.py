"""The rule of preferences, pure: which channels an event takes to one person, and who decided.

Type, tenant and role say defaults, tenant and role may lock them, a person decides what is left.
sql/functions/025_preferences.sql is the same rule for everybody at once; a property test keeps the
two equal. `decide` also tells every step, for whoever asks "why?".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from campana.channels import CHANNELS, DEFAULT, INBOX, INTERRUPTING
from campana.events import PRIORITIES
from campana.preferences.attention import USUAL, Attention, Personal


class Layer(StrEnum):
    """Who says something, from the bottom up."""

    TYPE = "type"
    TENANT = "tenant"
    ROLE = "role"
    PERSON = "person"


Lock = Literal["required", "blocked"]
Rule = Literal[
    "actor",
    "unseen",
    "type",
    "tenant",
    "role",
    "person",
    "switched_off",
    "no_inbox",
    "minimum",
    "paused",
    "urgent",
    "day_off",
    "quiet",
    "muted",
]


@dataclass(frozen=True, slots=True)
class Masks:
    """What a layer says of a type, in bits: `value` where `chosen`, `locked` for those after.

    reason: why it is locked, for people; at most 300 characters.
    """

    value: int = 0
    chosen: int = 0
    locked: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Everything that decides about one type for one person."""

    default: int = DEFAULT
    tenant: Masks = field(default=Masks())
    role: Masks = field(default=Masks())
    person: Masks = field(default=Masks())
    tenant_attention: Attention = field(default=Attention())
    role_attention: Attention = field(default=Attention())
    personal: Personal = field(default=Personal())
    time_zone: str = "UTC"

    @property
    def locked(self) -> int:
        return self.tenant.locked | self.role.locked

    def first(self, name: str) -> tuple[Any, Layer]:
        """The setting of Attention that counts, and the layer it comes from."""
        asked = (
            (self.personal, Layer.PERSON),
            (self.role_attention, Layer.ROLE),
            (self.tenant_attention, Layer.TENANT),
        )
        found = ((getattr(said, name), layer) for said, layer in asked)
        usual = (getattr(USUAL, name), Layer.TYPE)
        return next(((value, layer) for value, layer in found if value is not None), usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What of an event matters. sees: the person may see its subject. muted: and has muted it."""

    moment: dt.datetime
    priority: str = "medium"
    is_actor: bool = False
    sees: bool = True
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A type on a channel: how it is, who decided, and whether it may be changed, and why not."""

    channel: str
    bit: int
    on: bool
    decided_by: Layer
    lock: Lock | None = None
    locked_by: Layer | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule at work: `before` and `after` are masks; `detail` is what it went by."""

    rule: Rule
    layer: Layer
    before: int
    after: int
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Decision:
    """channels: the mask of the inbox row; 0 is no row. steps: only those that said something."""

    channels: int
    steps: tuple[Step, ...]


def decide(layers: Layers, occasion: Occasion) -> Decision:
    """Which channels this occasion takes, with every step that led there."""
    channels, steps = 0, []
    for step in _steps(layers, occasion):
        steps.append(step)
        channels = step.after
    return Decision(channels, tuple(steps))


def cells(layers: Layers) -> list[Cell]:
    """Each channel as it stands, without hours and priorities: a row of the page."""
    steps = list(_choices(layers, layers.default))
    return [_cell(layers, steps, channel.name, channel.bit) for channel in CHANNELS]


def layered(below: int, masks: Masks, locked: int) -> int:
    """One layer over what is below it: its value where it chose and may."""
    may = masks.chosen & ~locked
    return (below & ~may) | (masks.value & may)


def _steps(layers: Layers, occasion: Occasion) -> Iterator[Step]:
    if occasion.is_actor:
        yield Step("actor", Layer.TYPE, layers.default, 0)
        return
    if not occasion.sees:
        yield Step("unseen", Layer.TYPE, layers.default, 0)
        return
    channels = layers.default
    yield Step("type", Layer.TYPE, 0, channels)
    for step in _choices(layers, channels):
        yield step
        channels = step.after
    yield from _attention(layers, occasion, channels)


def _choices(layers: Layers, channels: int) -> Iterator[Step]:
    """What the layers say one over the other."""
    said: tuple[tuple[Layer, Rule, Masks, int], ...] = (
        (Layer.TENANT, "tenant", layers.tenant, 0),
        (Layer.ROLE, "role", layers.role, layers.tenant.locked),
        (Layer.PERSON, "person", layers.person, layers.locked),
    )
    for layer, rule, masks, locked in said:
        if masks.chosen & ~locked:
            yield Step(rule, layer, channels, channels := layered(channels, masks, locked))
    if without := layers.personal.switched_off & ~layers.locked & channels:
        yield Step("switched_off", Layer.PERSON, channels, channels & ~without)


def _attention(layers: Layers, occasion: Occasion, channels: int) -> Iterator[Step]:
    """What priority and time make of it. What is required passes the priority, never the clock."""
    if not channels & INBOX:
        yield Step("no_inbox", cells(layers)[0].decided_by, channels, 0)
        return
    least, layer = layers.first("min_priority")
    is_required = bool(channels & layers.locked & INBOX)
    if PRIORITIES.index(occasion.priority) < PRIORITIES.index(least) and not is_required:
        yield Step("minimum", layer, channels, 0, least)
        return
    if silence := _silence(layers, occasion, channels):
        yield silence
        channels = silence.after
    if occasion.muted:
        yield Step("muted", Layer.PERSON, channels, channels & ~INTERRUPTING)


def _silence(layers: Layers, occasion: Occasion, channels: int) -> Step | None:
    """Pause first; urgent breaks through days off and quiet hours."""
    silent = channels & ~INTERRUPTING
    if until := layers.personal.pause_at(occasion.moment):
        return Step("paused", Layer.PERSON, channels, silent, until)
    breaks, by = layers.first("urgent_breaks_through")
    local = occasion.moment.astimezone(ZoneInfo(layers.time_zone))
    days, layer = layers.first("work_days")
    quiet, quiet_layer = layers.first("quiet")
    is_off = not days >> local.weekday() & 1
    is_quiet = bool(quiet) and quiet.holds(local.time())
    if not (is_off or is_quiet):
        return None
    if occasion.priority == "urgent" and breaks:
        return Step("urgent", by, channels, channels)
    if is_off:
        return Step("day_off", layer, channels, silent, local)
    return Step("quiet", quiet_layer, channels, silent, quiet)


def _cell(layers: Layers, steps: Sequence[Step], channel: str, bit: int) -> Cell:
    on, decided_by = bool(layers.default & bit), Layer.TYPE
    masks = {"tenant": layers.tenant, "role": layers.role, "person": layers.person}
    for step in steps:
        says = masks[step.rule].chosen & bit if step.rule in masks else step.before ^ step.after
        if says & bit and not _is_locked_above(layers, step.layer, bit):
            on, decided_by = bool(step.after & bit), step.layer
    if not layers.locked & bit:
        return Cell(channel, bit, on, decided_by)
    by, said = Layer.ROLE, layers.role
    if layers.tenant.locked & bit:
        by, said = Layer.TENANT, layers.tenant
    return Cell(channel, bit, on, decided_by, "required" if on else "blocked", by, said.reason)


def _is_locked_above(layers: Layers, layer: Layer, bit: int) -> bool:
    above = {Layer.ROLE: layers.tenant.locked, Layer.PERSON: layers.locked}
    return bool(above.get(layer, 0) & bit)
