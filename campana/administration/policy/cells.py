"""A cell: what one layer says of one type on one channel, in one word. Masks hold eight of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from campana.channels import CHANNELS
from campana.preferences.policy import Masks

State = Literal["above", "on", "off", "required", "blocked", "fixed"]
"""above: nothing, as the layers above say. fixed: locked as the layers above say."""
STATES: tuple[State, ...] = get_args(State)
_BITS: dict[State, tuple[bool, bool, bool]] = {
    "above": (False, False, False),
    "on": (True, True, False),
    "off": (False, True, False),
    "required": (True, True, True),
    "blocked": (False, True, True),
    "fixed": (False, False, True),
}
"""value, chosen, locked."""
_SIGNS = "-10+x="
"""Of STATES, in their order."""
_STATES = {bits: state for state, bits in _BITS.items()}


def state(masks: Masks, bit: int) -> State:
    """What the masks say of one channel."""
    value, chosen, locked = (bool(part & bit) for part in (masks.value, masks.chosen, masks.locked))
    return _STATES[value and chosen, chosen, locked]


def states(masks: Masks) -> dict[str, State]:
    """Of every channel, by its name."""
    return {channel.name: state(masks, channel.bit) for channel in CHANNELS}


def masks(wanted: Mapping[str, str], reason: str) -> Masks:
    """The masks of these states (channel → one of STATES); a reason only beside a lock."""
    value = chosen = locked = 0
    for channel in CHANNELS:
        is_on, is_chosen, is_locked = _BITS[wanted[channel.name]]  # type: ignore[index]
        value |= channel.bit * is_on
        chosen |= channel.bit * is_chosen
        locked |= channel.bit * is_locked
    return Masks(value, chosen, locked, reason if locked else "")


def code(masks: Masks) -> str:
    """One sign for each channel: what a form says that it was drawn with."""
    return "".join(_SIGNS[STATES.index(state(masks, one.bit))] for one in CHANNELS)


def decoded(text: object) -> dict[str, str]:
    """The states by channel; {} for what is no such text."""
    if not isinstance(text, str) or len(text) != len(CHANNELS) or set(text) - set(_SIGNS):
        return {}
    return {one.name: STATES[_SIGNS.index(sign)] for one, sign in zip(CHANNELS, text, strict=True)}


def differing(one: Masks, other: Masks) -> int:
    """The channels of which they say something else, as bits."""
    return (one.value ^ other.value) | (one.chosen ^ other.chosen) | (one.locked ^ other.locked)


def told(before: Mapping[str, Masks], after: Mapping[str, Masks]) -> Iterator[dict[str, str]]:
    """Two sides as the audit says them, only what differs: `{"sale:created toast": "blocked"}`."""
    said = {name: (_fields(before[name]), _fields(after[name])) for name in after}
    for side in (0, 1):
        yield {
            f"{name} {field}": sides[side][field]
            for name, sides in said.items()
            for field in sides[side]
            if sides[0][field] != sides[1][field]
        }


def _fields(masks: Masks) -> dict[str, str]:
    return {**states(masks), "reason": masks.reason}
