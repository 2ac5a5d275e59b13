"""GET /api/notifications, and one notification as JSON."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from math import ceil
from typing import Any

from aiohttp import web
from pydantic import Field

from campana import inbox_list
from campana.errors import Invalid
from campana.events import Priority
from campana.inbox_list import Filter, Notification, Page
from campana.users import Person
from handlers import replies
from handlers.app_keys import DB
from handlers.declare import QueryShape, operation
from handlers.guards import program
from handlers.shapes import NotificationList

MOST_BY_PAGE = 10_000


class ListQuery(QueryShape):
    """Which notifications, and which page of them."""

    page: int = Field(1, ge=1)
    limit: int = Field(20, ge=1, le=100)
    unread: bool = Field(False, description="Only unread ones.")
    type: str | None = Field(None, max_length=80, description="Only this event type.")
    priority: Priority | None = Field(None, description="Only this priority.")
    q: str | None = Field(
        None, max_length=200, description="Words of title, message or who did it."
    )
    cursor: str | None = Field(
        None, max_length=64, description="nextCursor of the page before; page is ignored then."
    )


@program("read", people="everybody")
@operation(
    "List notifications", tag="notifications", query=ListQuery, answers={200: NotificationList}
)
async def index(request: web.Request, query: ListQuery) -> web.Response:
    """GET /api/notifications

    Newest first. page × limit reaches 10,000; beyond, go on with the cursor. Totals count up to
    10,000, those of filters up to 1,000, and say so in totalIsCapped. A look for a type or a
    priority examines 5,000 notifications, one for words that many events say 2,500: a page may
    hold fewer than limit and still have a nextCursor for going on. All words of q must be there,
    in any order, the last one begun; case, accents and Spanish or English endings do not matter.
    """
    person = _reader(request)
    only = Filter(query.unread, query.type, query.priority, query.q)
    before = _before(query)
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        if before is None:
            found = await inbox_list.page(tx, person, only, number=query.page, limit=query.limit)
        else:
            found = await inbox_list.older_than(tx, person, before, only, limit=query.limit)
    return replies.json(
        {
            "notifications": [as_json(row) for row in found.rows],
            "pagination": _pagination(found, query.limit, None if before else query.page),
        }
    )


def as_json(row: Notification) -> dict[str, Any]:
    """A notification on the wire."""
    return {
        "id": row.id,
        "seq": row.seq,
        "type": row.type,
        "title": row.title,
        "message": row.message,
        "priority": row.priority,
        "variant": row.variant,
        "data": row.data,
        "actions": row.actions,
        "url": row.url,
        "createdAt": row.created_at,
        "isRead": row.is_read,
        "reason": row.reason,
        "subject": row.subject,
        "isMuted": row.is_muted,
    }


def _reader(request: web.Request) -> Person:
    person: Person | None = request["person"]
    if person is None:
        raise Invalid(
            "A key alone has no inbox: say for whom it asks.",
            code="missing",
            field="user",
            hint="Add user=<e-mail or id>; the key needs the scope impersonate.",
        )
    return person


def _pagination(found: Page, limit: int, number: int | None) -> dict[str, Any]:
    return {
        "page": number,
        "limit": limit,
        "total": found.total,
        "totalIsCapped": found.is_capped,
        "pages": None if found.total is None else ceil(found.total / limit),
        "nextCursor": None if found.older is None else _sealed(found.older),
    }


def _before(query: ListQuery) -> int | None:
    """The seq to go on from; None when pages are asked for by number."""
    if query.cursor is not None:
        return _opened(query.cursor)
    if query.page * query.limit > MOST_BY_PAGE:
        raise Invalid(
            f"page × limit reaches {MOST_BY_PAGE:,} at most.",
            code="invalid_value",
            field="page",
            hint="Go on with cursor=, the nextCursor of the page before.",
        )
    return None


def _sealed(seq: int) -> str:
    """A cursor that nobody is tempted to compute."""
    return urlsafe_b64encode(b"before:%d" % seq).decode().rstrip("=")


def _opened(cursor: str) -> int:
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        name, _, seq = text.partition(b":")
        if name == b"before" and 1 <= int(seq) <= inbox_list.NEWEST:
            return int(seq)
    except ValueError:
        pass
    raise Invalid(
        "This is no cursor of ours.",
        code="invalid_value",
        field="cursor",
        hint="Send nextCursor as it came, or leave it out.",
    )
