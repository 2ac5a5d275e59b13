"""Role defaults to begin with: those of the sales team as its document gives them (B5), and the
like for other businesses. A preset is only said again through layers.py, so it leaves its trace.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from campana.channels import DEFAULT, EMAIL, INBOX, PUSH
from campana.db import Tx
from campana.preferences import layers
from campana.preferences.attention import EVERY_DAY, Attention, Quiet
from campana.preferences.policy import Masks

WEEKDAYS = 0b0011111
NIGHT = Quiet(dt.time(22), dt.time(8))
DETECTED = (
    "conversation:unanswered",
    "lead:hot",
    "lead:follow_up_due",
    "seller:performance_alert",
)
"""What the document calls unanswered, hot_lead, follow_up and performance."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a role starts with. types: type → Masks."""

    types: dict[str, Masks] = field(default_factory=dict)
    attention: Attention = field(default=Attention())


def _of_sales_team(
    wanted: tuple[str, ...], attention: Attention, *, push: bool, email: bool
) -> Preset:
    outer = PUSH * push | EMAIL * email
    asked = DEFAULT | PUSH | EMAIL
    types = {
        name: Masks(DEFAULT | outer if name in wanted else 0, asked if name in wanted else INBOX)
        for name in DETECTED
    }
    return Preset(types, attention)


PRESETS: dict[str, Preset] = {
    "CEO": _of_sales_team(
        DETECTED,
        Attention(min_priority="low", quiet=False, work_days=EVERY_DAY),
        push=True,
        email=True,
    ),
    "SELLER": _of_sales_team(
        DETECTED[:3],
        Attention(min_priority="medium", quiet=NIGHT, work_days=WEEKDAYS),
        push=True,
        email=False,
    ),
    "SECRETARY": _of_sales_team(
        DETECTED[:1],
        Attention(min_priority="high", quiet=False, work_days=WEEKDAYS),
        push=True,
        email=False,
    ),
    # Whoever cooks sees orders on the board, and needs no notification of what is paid.
    "COOK": Preset({"order:paid": Masks(0, INBOX)}),
    "WAITER": Preset({"order:paid": Masks(0, INBOX), "stock:low": Masks(0, INBOX)}),
    "CASHIER": Preset({"stock:low": Masks(0, INBOX)}),
}


async def apply(tx: Tx, tenant_id: UUID, role: str, *, actor: str) -> bool:
    """Say the role's preset in its layer; False when there is none of this name."""
    preset = PRESETS.get(role)
    if preset is None:
        return False
    for event_type, masks in preset.types.items():
        await layers.set_masks(tx, tenant_id, event_type, masks, role=role, actor=actor)
    await layers.set_attention(tx, tenant_id, preset.attention, role=role, actor=actor)
    return True
