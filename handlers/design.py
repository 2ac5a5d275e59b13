"""Every component in every state on one page, in demo mode: for looking, and for tests to look."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

from aiohttp import web

from campana.errors import NotFound
from campana.i18n import gettext as _
from campana.render import words
from handlers.app_keys import SETTINGS
from handlers.guards import anyone
from handlers.render import page

SIDES = ("light", "dark")
PARTS = (("samples", 5), ("compact", 5), ("panel", 2))
"""Where notifications are shown, and how many."""


class Sample(NamedTuple):
    """A made-up notification: its words are those that its type has."""

    type: str
    data: dict[str, Any]
    variant: str = "info"
    priority: str = "medium"
    is_read: bool = False
    minutes: int = 0
    reason: str = "role:ADMIN"
    url: str | None = "/notifications"
    acts: bool = False
    subject: str | None = None
    is_muted: bool = False


SAMPLES = (
    Sample(
        "order:ready",
        {"number": 41, "table": "6"},
        "success",
        "high",
        reason="all",
        subject="order:41",
    ),
    Sample(
        "stock:out",
        {"product": "Tinte 7.1", "quantity": 0},
        "warning",
        "urgent",
        minutes=4,
        subject="product:71",
        is_muted=True,
    ),
    Sample("system:alert", {"message": "p95 > 100 ms"}, "error", minutes=50, url=None),
    Sample(
        "sale:created", {"number": 7, "customer": "Marta", "total": "12.5"}, minutes=190, acts=True
    ),
    Sample("lead:hot", {"name": "Ñico Ríos", "score": 0.9}, is_read=True, minutes=3000),
)


@anyone
async def show(request: web.Request) -> web.StreamResponse:
    """GET /design"""
    if not request.app[SETTINGS].demo:
        raise NotFound
    shown: dict[str, Any] = {
        part: {side: _rows(f"{part}-{side}", most) for side in SIDES} for part, most in PARTS
    }
    return page(request, "design/index.html", sides=SIDES, **shown)


def _rows(prefix: str, most: int) -> list[dict[str, Any]]:
    return [_notification(prefix, *each) for each in enumerate(SAMPLES[:most])]


def _notification(prefix: str, number: int, sample: Sample) -> dict[str, Any]:
    said = words(sample.type, data=sample.data)
    actions = [
        {
            "name": "confirm_payment",
            "label": _("Confirm payment"),
            "method": "post",
            "url": f"/sales/{UUID(int=7)}/payment",
            "variant": "primary",
        },
        {"name": "view_sale", "label": _("View sale"), "url": "/notifications"},
    ]
    return {
        **sample._asdict(),
        "id": f"{prefix}-{number}",
        "seq": number,
        "title": said.title if said else sample.type,
        "message": said.message if said else "",
        "created_at": dt.datetime.now(dt.UTC) - dt.timedelta(minutes=sample.minutes),
        "actions": actions if sample.acts else [],
    }
