"""Beside a notification: no more noise about its subject, or noise again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web

from campana import inbox_list
from campana.errors import Invalid, NotFound
from campana.i18n import gettext as _
from campana.inbox_list import Notification
from campana.preferences import choices, muting
from campana.preferences.choices import Verb
from campana.render import partial
from handlers import flashes, notices, replies
from handlers.app_keys import DB
from handlers.declare import path_id
from handlers.guards import signed_in
from handlers.notices import Notice

Done = Literal["muted", "unmuted"]


@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """POST /notifications/{id}/mute: what it is about comes without noise"""
    return await _change(request, muting.mute, "muted")


@signed_in
async def destroy(request: web.Request) -> web.StreamResponse:
    """POST /notifications/{id}/unmute"""
    return await _change(request, muting.unmute, "unmuted")


async def _change(
    request: web.Request, verb: Callable[[str], Verb], done: Done
) -> web.StreamResponse:
    """For htmx what was done, with the way back; a form comes back to its list, which says so."""
    found = await _notification(request)
    if found.subject is None:
        raise Invalid("This notification is about nothing that can be muted.", field="subject")
    change = verb(found.subject)
    try:
        await choices.change(request.app[DB], request["person"], change)
    except Invalid:
        return await _too_many(request)
    notice = Notice(done, 1, [found.id])
    fragment = partial("notifications/_notice.html", notice=notice)
    return notice.carried_to(replies.changed(request, fragment, to=_list(request)))


async def _notification(request: web.Request) -> Notification:
    """Deleted ones too: what was done to one is taken back after it has gone."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        found = await inbox_list.some(tx, person, [path_id(request)])
    if not found:
        raise NotFound("There is no such notification.")
    return found[0]


async def _too_many(request: web.Request) -> web.StreamResponse:
    """200 for htmx: what is no error is put in its place."""
    said = _("At most %(count)s can be muted. Unmute one that is over, in your preferences.")
    text = said % {"count": muting.MOST_MUTES}
    if not replies.is_htmx(request):
        await flashes.leave(request, text, variant="error")
    fragment = partial("notifications/_notice.html", notice=None, problem=text)
    return replies.changed(request, fragment, to=_list(request))


def _list(request: web.Request) -> str:
    before = replies.page_before(request, notices.PAGE)
    return before if urlsplit(before).path == notices.PAGE else notices.PAGE
