"""Several notifications at once: those ticked in the list, or those that a notice takes back."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from campana import inbox
from campana.errors import Invalid
from handlers import inputs, notices, replies
from handlers.app_keys import DB
from handlers.guards import client_event, signed_in
from handlers.notices import MOST_IDS, SEQS, Done, Notice

VERBS: dict[str, tuple[inbox.Verb[list[UUID]], Done]] = {
    "read": (inbox.read, "read"),
    "unread": (inbox.unread, "unread"),
    "delete": (inbox.delete, "deleted"),
    "restore": (inbox.restore, "restored"),
}
WHOLE: dict[Done, inbox.Verb[str]] = {"unread": inbox.unread_all, "restored": inbox.restore_all}


@client_event
@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """POST /notifications/selection (do, id … or seqs): all of them or none."""
    fields = await inputs.fields(request)
    verb, done = _verb([value for name, value in fields if name == "do"])
    seqs = [value for name, value in fields if name == "seqs"]
    if seqs:
        notice = await _take_back(request, done, seqs[-1])
    else:
        notice = await _change(
            request, verb, done, [value for name, value in fields if name == "id"]
        )
    return notice.carried_to(replies.changed(request, notice.fragment, to=_back(request)))


async def _change(
    request: web.Request, verb: inbox.Verb[list[UUID]], done: Done, given: list[str]
) -> Notice:
    ids = _ids(given)
    change = await inbox.apply(request.app[DB], request["person"], verb, ids) if ids else None
    return Notice(done, change.changed if change else 0, ids)


async def _take_back(request: web.Request, done: Done, seqs: str) -> Notice:
    """All that "mark all" or "delete all" changed, and nothing else."""
    if done not in WHOLE or not SEQS.fullmatch(seqs):
        raise Invalid("This cannot be taken back.", field="seqs", code="invalid_value")
    change = await inbox.apply(request.app[DB], request["person"], WHOLE[done], seqs)
    return Notice(done, change.changed)


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
