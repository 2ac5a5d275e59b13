"""The forms that make or change a sale: what was typed, and the page that shows it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import zip_longest
from typing import Any
from uuid import uuid4

from aiohttp import web

from campana.db import Tx
from campana.domains.sales import Done, Sale
from campana.domains.sales.drafts import CURRENCIES, Draft, Typed, TypedItem, checked
from campana.errors import CampanaError, Conflict, Invalid
from campana.render import partial
from campana.users import Person
from handlers import inputs, replies
from handlers.app_keys import DB
from handlers.render import page
from handlers.sales.words import in_words

LEAST_LINES = 3
FORM_LINES = 400
"""More lines than this are not shown again; a sale has at most 100 items."""

Verb = Callable[[Tx, Person, Draft], Awaitable[Done]]


async def submit(request: web.Request, kind: str, verb: Verb, said: str) -> web.StreamResponse:
    """Runs `verb` with what was typed; the form again, with what is wrong, when it cannot."""
    typed = await read(request)
    person = request["person"]
    try:
        draft = checked(typed)
        async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
            done = await verb(tx, person, draft)
    except (Invalid, Conflict) as error:
        return show(request, kind, _once_more(typed, error), error)
    return answer(request, done, said)


def show(
    request: web.Request, kind: str, typed: Typed, error: CampanaError | None = None, **more: Any
) -> web.StreamResponse:
    """The form: kind is staff, checkout or edit."""
    template = "sales/_form.html" if replies.is_htmx(request) else "sales/form.html"
    errors, lines = _by_field(error), _lines(typed)
    return page(
        request,
        template,
        status=error.status if error else 200,
        kind=kind,
        typed=typed,
        lines=lines,
        errors=errors,
        focus=_first_wrong(errors, len(lines)),
        problem=str(error) if isinstance(error, Conflict) else None,
        currencies=CURRENCIES,
        **more,
    )


def answer(request: web.Request, done: Done, said: str) -> web.StreamResponse:
    """What became of it: the sale's row for htmx, its page for everybody else."""
    said = said if done.changed else f"already_{said}"
    fragment = ""
    if replies.is_htmx(request):
        fragment = partial(
            "sales/_changed.html", sale=done.sale, said=said, words=in_words(said, done.sale)
        )
    return replies.changed(request, fragment, to=f"/sales/{done.sale.id}?said={said}")


def blank() -> Typed:
    """An empty form with a name of its own, so that sent twice it is one sale."""
    return Typed(token=str(uuid4()))


def typed_of(sale: Sale) -> Typed:
    """A sale as it would have been typed."""
    items = [TypedItem(i.product, f"{i.quantity.normalize():f}", str(i.price)) for i in sale.items]
    return Typed(sale.customer, "" if items else str(sale.total), sale.currency, items)


async def read(request: web.Request) -> Typed:
    """The form as it came: product, quantity and price are repeated, line by line."""
    pairs = await inputs.fields(request)
    single = dict(pairs)
    columns = [
        [value for name, value in pairs if name == column]
        for column in ("product", "quantity", "price")
    ]
    return Typed(
        customer=single.get("customer", ""),
        total=single.get("total", ""),
        currency=single.get("currency", ""),
        items=[TypedItem(*line) for line in zip_longest(*columns, fillvalue="")],
        token=single.get("token", ""),
    )


def _once_more(typed: Typed, error: CampanaError) -> Typed:
    """What was sent as something else already needs another name to be sent again."""
    is_token_spent = error.field == "token" or "token" in _by_field(error)
    return replace(typed, token=str(uuid4())) if is_token_spent else typed


def _lines(typed: Typed) -> list[TypedItem]:
    missing = max(0, LEAST_LINES - len(typed.items))
    return [*typed.items[:FORM_LINES], *[TypedItem()] * missing]


def _first_wrong(errors: dict[str, str], lines: int) -> str:
    """The field to begin with, from the top of the form; the first one when nothing is wrong."""
    parts = ("product", "quantity", "price")
    places = [f"items.{line}.{part}" for line in range(lines) for part in parts]
    return next((f for f in ("customer", *places, "total", "currency") if f in errors), "customer")


def _by_field(error: CampanaError | None) -> dict[str, str]:
    return {one.field: one.message for one in error.errors} if error else {}
