"""What is around every page of administration: its navigation, and the way there.

A new noun is one line in `sections()`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from campana.db import Tx
from campana.i18n import gettext as _
from handlers.admin import forms
from handlers.app_keys import DB
from handlers.guards import administers
from handlers.render import page
from handlers.replies import is_htmx

HOME = "/admin"


class Section(NamedTuple):
    """A noun that administrators look after: /admin/<noun>, templates/admin/<noun>/.

    icon: a symbol of static/admin-icons.svg. about: one sentence for the page that lists them.
    """

    noun: str
    label: str
    icon: str
    about: str

    @property
    def href(self) -> str:
        return f"{HOME}/{self.noun}"


def sections() -> list[tuple[str, list[Section]]]:
    """All of them in groups, in the reader's language."""
    return [
        (
            _("People and rights"),
            [
                Section("people", _("People"), "users", _("Invite, roles, branches, sign out.")),
                Section("roles", _("Roles"), "shield-check", _("Who may administer.")),
                Section("branches", _("Branches"), "store", _("Where people work.")),
            ],
        ),
        (
            _("What happens"),
            [
                Section(
                    "log", _("Log"), "scroll-text", _("Every event, whom it reached, and why.")
                ),
                Section("connections", _("Connections"), "cable", _("Who is connected now.")),
                Section("statistics", _("Statistics"), "chart", _("How much, and how quick.")),
            ],
        ),
        (
            _("Programs"),
            [
                Section(
                    "keys", _("API keys"), "key-round", _("What programs may do, and until when.")
                ),
                Section("issuers", _("Tokens"), "badge-check", _("Whose tokens (JWT) count here.")),
            ],
        ),
        (
            _("Events"),
            [
                Section(
                    "announcements",
                    _("Announcements"),
                    "megaphone",
                    _("Write to everybody, a role or a branch."),
                ),
                Section("types", _("Event types"), "shapes", _("What happens, and what it says.")),
            ],
        ),
        (
            _("This business"),
            [
                Section(
                    "policy",
                    _("Policy"),
                    "table",
                    _("Who is told what and how; what nobody may switch off."),
                ),
                Section(
                    "attention",
                    _("Quiet hours"),
                    "moon",
                    _("When nobody is disturbed, and by what."),
                ),
                Section(
                    "settings", _("Settings"), "sliders", _("Name, time zone, retention, alerts.")
                ),
                Section("audit", _("Audit"), "history", _("Who changed what, before and after.")),
            ],
        ),
    ]


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin"""
    return show(request, "", "index.html")


def show(
    request: web.Request,
    noun: str,
    template: str,
    *,
    part: str | None = None,
    status: int = 200,
    confirms: Mapping[str, str] | None = None,
    **context: Any,
) -> web.StreamResponse:
    """A page of `noun` (template under templates/admin/); for htmx only `part` of it, if given.

    confirms: what the page says of a change that led to it, by the word of `forms.done`.
    """
    name = part if part and is_htmx(request) else template
    if confirms and status == 200:
        context["flashes"] = forms.confirmed(request, confirms)
    every = sections()
    section = next((one for _group, some in every for one in some if one.noun == noun), None)
    around = {"noun": noun, "section": section, "sections": every, "address": address}
    return page(request, f"admin/{name}", status, **around, **context)


async def listing(
    request: web.Request,
    noun: str,
    every: Callable[[Tx, UUID], Awaitable[list[Any]]],
    state: Mapping[str, Any],
    typed: Mapping[str, str] | None,
    confirms: Mapping[str, str],
) -> web.StreamResponse:
    """The page of a noun that has few: all of them, and beside them the form for a new one.

    every: its rows. state: of the form, from `forms`. typed: what was sent, where it was refused.
    """
    me = request["person"]
    async with request.app[DB].tenant(me.tenant_id, me.id) as tx:
        rows = await every(tx, me.tenant_id)
    told = {"rows": rows, "typed": typed or {}, "confirms": confirms, **state}
    return show(request, noun, f"{noun}/index.html", part=f"{noun}/_new.html", **told)


def address(query: BaseModel, **changes: Any) -> str:
    """The query string of a list with these changes; None takes something out of it."""
    given = {**query.model_dump(mode="json", by_alias=False), **changes}
    return urlencode({name: value for name, value in given.items() if value})
