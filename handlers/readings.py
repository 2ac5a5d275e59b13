"""What readers do with their notifications: read, unread, delete, restore, read all, clear.

The same handlers answer htmx with the changed row, forms with 303, programs with JSON.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from campana import actions, inbox, inbox_list
from campana.inbox_list import NEWEST
from campana.render import partial
from handlers import replies
from handlers.app_keys import DB
from handlers.declare import Declare, Shape, operation, path_id
from handlers.guards import client_event, signed_in
from handlers.notices import PAGE, Done, Notice
from handlers.shapes import Changed, ChangedMany


class UpTo(Shape):
    """Up to where "all" reaches."""

    up_to: int | None = Field(
        None,
        ge=0,
        le=NEWEST,
        description="The seq of the newest notification the reader saw; left out: all until now.",
    )


def _one(summary: str) -> Declare:
    return operation(summary, tag="notifications", answers={200: Changed})


def _all(summary: str) -> Declare:
    return operation(summary, tag="notifications", form=UpTo, answers={200: ChangedMany})


@client_event
@signed_in
@_one("Mark as read")
async def create(request: web.Request) -> web.StreamResponse:
    """POST /api/notifications/{id}/read, PATCH as well"""
    return await _change(request, inbox.read)


@client_event
@signed_in
@_one("Mark as unread")
async def destroy(request: web.Request) -> web.StreamResponse:
    """POST /api/notifications/{id}/unread"""
    return await _change(request, inbox.unread)


@client_event
@signed_in
@_one("Delete a notification")
async def delete(request: web.Request) -> web.StreamResponse:
    """POST /api/notifications/{id}/delete, DELETE /api/notifications/{id} as well

    It can be restored until retention takes it.
    """
    return await _change(request, inbox.delete)


@client_event
@signed_in
@_one("Restore a deleted notification")
async def restore(request: web.Request) -> web.StreamResponse:
    """POST /api/notifications/{id}/restore"""
    return await _change(request, inbox.restore)


@client_event
@signed_in
@_all("Mark all as read")
async def create_all(request: web.Request, form: UpTo) -> web.StreamResponse:
    """POST /api/notifications/read-all"""
    return await _change_all(request, inbox.read_all, form, "read")


@client_event
@signed_in
@_all("Delete all notifications")
async def clear(request: web.Request, form: UpTo) -> web.StreamResponse:
    """POST /api/notifications/clear"""
    return await _change_all(request, inbox.clear, form, "deleted")


async def _change(request: web.Request, verb: inbox.Verb[list[Any]]) -> web.StreamResponse:
    notification_id = path_id(request)
    done = await inbox.apply(request.app[DB], request["person"], verb, [notification_id])
    notice = Notice("deleted", done.changed * (verb is inbox.delete), [notification_id])
    told = {
        "id": notification_id,
        "changed": done.changed > 0,
        "unread": done.unread,
        "rev": done.rev,
    }
    fragment = await _row(request) if replies.is_htmx(request) else ""
    return notice.carried_to(replies.answer_change(request, told, fragment, to=PAGE))


async def _change_all(
    request: web.Request, verb: inbox.Verb[int | None], form: UpTo, what: Done
) -> web.StreamResponse:
    done = await inbox.apply(request.app[DB], request["person"], verb, form.up_to)
    told = {"changed": done.changed, "unread": done.unread, "rev": done.rev}
    notice = Notice(what, done.changed, seqs=done.seqs)
    return notice.carried_to(replies.answer_change(request, told, notice.fragment, to=PAGE))


async def _row(request: web.Request) -> str:
    """The notification as it is now; nothing when it is out of sight."""
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        found = await inbox_list.one(tx, person, path_id(request))
        rows = await actions.still_offered(tx, person, [found] if found else [])
    return partial("notifications/_row.html", n=rows[0]) if rows else ""
