"""What every page shows of its reader: the bell, the cursor of the page, the way around."""

from typing import Any

from aiohttp import web

from campana import inbox
from campana.db import Tx
from campana.i18n import gettext as _
from campana.preferences import matrix
from campana.users import Person
from handlers.app_keys import DB, HUB, SETTINGS
from handlers.replies import is_htmx, wants_html

SALES = "sales"
"""The module, and the page whose visits are remembered."""


async def frame(request: web.Request) -> dict[str, Any]:
    """Context of whole pages. The cursor is read before the page's data: it may be too old,
    so that something comes twice and is recognised, never too new, so that something is missed."""
    person: Person | None = request["person"]
    settings = request.app[SETTINGS]
    context: dict[str, Any] = {
        "person": person,
        "session_tag": person.session_tag if person else "",
        "demo": settings.demo,
    }
    if person is None or is_htmx(request) or not wants_html(request):
        return context
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        head = await inbox.head(tx, person)
        return context | {
            "last_event_id": f"{request.app[HUB].epoch}-{head.seq}",
            "unread": head.unread,
            "rev": head.rev,
            "nav": await ways(tx, person, request.path_qs),
            "habits": await matrix.settings_of_person(tx, person),
        }


async def ways(tx: Tx, person: Person, here: str = "") -> list[dict[str, Any]]:
    """The side bar: what this person's tenant has and this person may see. here: this page."""
    found: list[dict[str, Any]] = [
        {"href": "/notifications", "label": _("Notifications"), "icon": "bell"}
    ]
    if SALES in person.modules:
        found.append(await to_sales(tx, person, here) if person.administers else to_own_sales())
    if person.administers:
        found.append({"href": "/admin", "label": _("Administration"), "icon": "settings-2"})
    return found


async def to_sales(tx: Tx, person: Person, here: str = "") -> dict[str, Any]:
    """The administrators' sales, with how many are new. Who is there sees them: no badge."""
    found = {"href": "/sales", "label": _("Sales"), "icon": "receipt", "badge_id": "sales-badge"}
    if here == "/sales":
        return found
    return found | {
        "badge": await inbox.unvisited(tx, person, SALES, "sale:created"),
        "badge_url": "/sales/badge",
        "badge_types": ["sale:created"],
    }


def to_own_sales() -> dict[str, Any]:
    return {"href": "/sales/mine", "label": _("My sales"), "icon": "receipt"}
