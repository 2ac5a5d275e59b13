"""A button of a notification is pressed: the verb behind it runs, and says what became of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from campana import actions
from campana.render import partial
from handlers import flashes, notices, replies
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import signed_in

CHANGED, UNCHANGED = 200, 409


@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """POST /notifications/{id}/actions/{name}

    For htmx what stands in the place of the buttons: 200 when it was done now, 409 when it was done
    already or cannot be done. A form comes back to the page it was on, which says the same.
    """
    name = request.match_info["name"]
    pressed = await actions.press(request.app[DB], request["person"], path_id(request), name)
    outcome = pressed.outcome
    if not replies.is_htmx(request):
        variant = "success" if outcome.changed else "info"
        await flashes.leave(request, outcome.words, variant=variant)
        return replies.see_other(_page_that_says_so(request))
    fragment = partial("notifications/_acted.html", outcome=outcome, n=pressed.notification)
    response = replies.changed(request, fragment)
    response.set_status(CHANGED if outcome.changed else UNCHANGED)
    return response


def _page_that_says_so(request: web.Request) -> str:
    before = replies.page_before(request, notices.PAGE)
    return before if urlsplit(before).path == notices.PAGE else notices.PAGE
