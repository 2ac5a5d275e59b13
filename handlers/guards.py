"""Who may ask what. Every handler wears one of these; a route without a guard stops the start.

`@public` nobody is looked up · `@anyone` open to all, `request['person']` if signed in ·
`@signed_in` · `@administers` · `@program(scope)` a key with that scope, or people where said ·
above one of them `@of_module(name)`: where the tenant lacks that business there is no such page;
`@client_event`: one of the small things of which a person may do so many a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from campana.errors import Forbidden, Invalid, NotFound, Unauthorized
from campana.keys import KeyIdentity
from campana.users import Person

People = Literal["nobody", "everybody", "administrators"]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Guard:
    """What a route asks of whoever comes."""

    name: str
    identify: bool = True  # False: works without the database
    open: bool = False  # no credential needed
    people: People = "nobody"  # who may come by session, or by a key with `user=`
    scope: str | None = None  # a key may come by itself when it has this
    any_origin: bool = False  # a POST from another site is welcome
    module: str | None = None  # only tenants with this business have the page
    counts: bool = False  # a client event: campana/limits.py


class Tenant(NamedTuple):
    """The tenant a request is about."""

    id: UUID
    slug: str


_PUBLIC = Guard("public", identify=False, open=True)
_ANYONE = Guard("anyone", open=True)
_SIGNED_IN = Guard("signed_in", people="everybody")
_ADMINISTERS = Guard("administers", people="administrators")


def public(handler: H) -> H:
    """Open to all; nobody is looked up, so it answers without the database too."""
    return _wear(handler, _PUBLIC)


def any_origin(handler: H) -> H:
    """Open to all, and to forms of other sites: for one-click unsubscribing and the like."""
    return _wear(handler, replace(_PUBLIC, any_origin=True))


def anyone(handler: H) -> H:
    """Open to all; `request['person']` is set for who is signed in."""
    return _wear(handler, _ANYONE)


def signed_in(handler: H) -> H:
    """A person by session, or under /api/ by a key with `user=` and scope impersonate."""
    return _wear(handler, _SIGNED_IN)


def administers(handler: H) -> H:
    """As `signed_in`, and the person's role administers the tenant."""
    return _wear(handler, _ADMINISTERS)


class program:  # noqa: N801 - reads as a decorator
    """A key with `scope`; people by session too where `people` says so."""

    def __init__(self, scope: str, people: People = "nobody") -> None:
        self._guard = Guard(f"program({scope})", people=people, scope=scope)

    def __call__(self, handler: H) -> H:
        return _wear(handler, self._guard)


class of_module:  # noqa: N801 - reads as a decorator
    """Above a guard for people: the page is one of that business."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, handler: H) -> H:
        guard = guard_of(handler)
        if guard is None or guard.people == "nobody":
            raise TypeError(f"{handler} needs a guard for people beneath @of_module")
        return _wear(handler, replace(guard, module=self._name))


def client_event(handler: H) -> H:
    """Above a guard for people: counted per person and minute, and refused beyond the limit."""
    guard = guard_of(handler)
    if guard is None or guard.people == "nobody":
        raise TypeError(f"{handler} needs a guard for people beneath @client_event")
    return _wear(handler, replace(guard, counts=True))


def guard_of(handler: object) -> Guard | None:
    """The guard a handler wears; None: it forgot."""
    found = getattr(handler, "guard", None)
    return found if isinstance(found, Guard) else None


def check(request: web.Request, guard: Guard) -> None:
    """Lets the request pass or raises Unauthorized, Forbidden, NotFound or Invalid."""
    person: Person | None = request["person"]
    key: KeyIdentity | None = request["key"]
    if guard.open:
        return
    if person is None and key is None:
        raise Unauthorized("Sign in, or send an API key." if guard.scope else "")
    if person is not None:
        _check_person(person, guard)
    elif key is not None:
        _check_key(key, guard)


def tenant_of(request: web.Request) -> Tenant:
    """The tenant of the person or key; only behind a guard that is not open."""
    person: Person | None = request["person"]
    if person is not None:
        return Tenant(person.tenant_id, person.tenant_slug)
    key: KeyIdentity = request["key"]
    return Tenant(key.tenant_id, key.slug)


def unguarded(app: web.Application) -> list[str]:
    """Routes whose handler wears no guard, as 'METHOD /path'."""
    return [name for name, guard in guards(app) if guard is None]


def guards(app: web.Application) -> Iterator[tuple[str, Guard | None]]:
    """Every route as 'METHOD /path' with its guard."""
    for route in app.router.routes():
        if route.method != "HEAD":  # goes with its GET
            path = route.resource.canonical if route.resource else "?"
            yield f"{route.method} {path}", guard_of(route.handler)


def _wear(handler: H, guard: Guard) -> H:
    handler.guard = guard  # type: ignore[attr-defined]
    return handler


def _check_person(person: Person, guard: Guard) -> None:
    if guard.module is not None and guard.module not in person.modules:
        raise NotFound
    if guard.scope and person.credential == "key":
        if guard.scope not in person.scopes:
            raise _lacks(guard.scope)
    elif guard.people == "nobody":
        raise Forbidden("This is for programs: send an API key.")
    if guard.people == "administrators" and not person.administers:
        raise Forbidden("This is for the administrators of your tenant.")


def _check_key(key: KeyIdentity, guard: Guard) -> None:
    if guard.scope is None:
        raise Invalid(
            "A key alone is nobody: say for whom it asks.",
            field="user",
            code="missing",
            hint="Add user=<e-mail or id>; the key needs the scope impersonate.",
        )
    if guard.scope not in key.scopes:
        raise _lacks(guard.scope)


def _lacks(scope: str) -> Forbidden:
    return Forbidden(f"This key lacks the scope {scope}.", code="missing_scope")
