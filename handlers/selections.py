"""Several notifications at once: those ticked in the list, or those that a notice takes back."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from campana import inbox
from campana.errors import Invalid
from handlers import inputs, notices, replies
from handlers.app_keys import DB
from handlers.guards import client_event, signed_in
from handlers.notices import MOST_IDS, Done, Notice

VERBS: dict[str, tuple[inbox.Verb[list[UUID]], Done]] = {
    "read": (inbox.read, "read"),
    "unread": (inbox.unread, "unread"),
    "delete": (inbox.delete, "deleted"),
    "restore": (inbox.restore, "restored"),
}


@client_event
@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """POST /notifications/selection (do, id …): all of them or, when one is not there, none."""
    fields = await inputs.fields(request)
    verb, done = _verb([value for name, value in fields if name == "do"])
    ids = _ids([value for name, value in fields if name == "id"])
    change = await inbox.apply(request.app[DB], request["person"], verb, ids) if ids else None
    notice = Notice(done, change.changed if change else 0, ids)
    return notice.carried_to(replies.changed(request, notice.fragment, to=_back(request)))


def _verb(given: list[str]) -> tuple[inbox.Verb[list[UUID]], Done]:
    if not given or given[-1] not in VERBS:
        raise Invalid("Say what to do.", field="do", code="invalid_value")
    return VERBS[given[-1]]


def _ids(given: list[str]) -> list[UUID]:
    if len(given) > MOST_IDS:
        raise Invalid(f"At most {MOST_IDS} at once.", field="id", code="invalid_value")
    try:
        return list({UUID(one): None for one in given})
    except ValueError:
        raise Invalid("This is no id.", field="id", code="invalid_value") from None


def _back(request: web.Request) -> str:
    return replies.page_before(request, notices.PAGE)
