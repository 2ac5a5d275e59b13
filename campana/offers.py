"""Verbs that businesses offer as buttons of notifications, by the path that does the same.

An event's action `{"name": "confirm_payment", "method": "post", "url": "/sales/<id>/payment"}` is
such a button when a business offers its path, and nothing otherwise: who may publish cannot make
people press anything else. Pressing one: actions.py.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from campana.db import Tx
from campana.users import Person

_ID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a press came to, in its reader's words. changed: by this press, else it was so before.

    A verb that cannot be done any more raises Conflict, in the reader's words too.
    """

    words: str
    changed: bool = True


Verb = Callable[[Tx, Person, UUID], Awaitable[Outcome]]
StillOpen = Callable[[Tx, Person, Sequence[UUID]], Awaitable[set[UUID]]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb on one subject. module: the tenant must have it.

    still_open: those subjects of many on which the verb can be done now.
    """

    path: str
    module: str
    verb: Verb
    still_open: StillOpen

    def subject_in(self, url: str) -> UUID | None:
        """The subject that `url` names, if it is this path."""
        before, _, after = self.path.partition("{id}")
        found = re.fullmatch(f"{re.escape(before)}({_ID}){re.escape(after)}", url)
        return UUID(found[1]) if found else None


_offers: dict[str, Offer] = {}


def offer(path: str, *, module: str, still_open: StillOpen) -> Callable[[Verb], Verb]:
    """Above a verb: `path` has one `{id}`, the subject's UUID."""

    def remember(verb: Verb) -> Verb:
        _offers[path] = Offer(path, module, verb, still_open)
        return verb

    return remember


def known() -> list[Offer]:
    """All there are, by path."""
    return [_offers[path] for path in sorted(_offers)]


def find(url: str | None) -> tuple[Offer, UUID] | None:
    """What a path offers, and on which subject; None when no business offers it."""
    subjects = ((offer, offer.subject_in(url or "")) for offer in _offers.values())
    return next(((offer, subject) for offer, subject in subjects if subject), None)
