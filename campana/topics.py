"""Topics: what people follow by joining, such as one order; `topic:sale:<id>` is an audience.

A business says who may join which, with `@topic("sale", module="sales")` above a question of
(tx, person, id). Joining counts from the next event on; a new role ends it (076_topics.sql).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from campana.db import Tx
from campana.errors import Conflict, NotFound
from campana.queries import queries
from campana.users import Person

MOST = 100
"""Topics that one person may have joined at a time."""
LONGEST = 120
_NAME = re.compile(r"([a-z][a-z0-9_]{0,39}):([\w.~@-]{1,80})")

MayJoin = Callable[[Tx, Person, str], Awaitable[bool]]
Verb = Callable[[Tx, Person, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Topics `<name>:<id>` of a business. module: the tenant must have it."""

    name: str
    module: str
    may_join: MayJoin


_kinds: dict[str, Kind] = {}


def topic(name: str, *, module: str) -> Callable[[MayJoin], MayJoin]:
    """Above a question that says whether `person` may join the topic of this kind with this id."""

    def declare(may_join: MayJoin) -> MayJoin:
        _kinds[name] = Kind(name, module, may_join)
        return may_join

    return declare


async def administrators_only(tx: Tx, person: Person, topic_id: str) -> bool:
    """For kinds whose business says no more: `topic("rota", module=…)(administrators_only)`."""
    return person.administers


async def join(tx: Tx, person: Person, name: str) -> bool:
    """Follow a topic from the next event on; False when it was followed before.

    Raises NotFound for a kind that the tenant has not, and for a topic that is not this person's
    to join; Conflict beyond MOST.
    """
    kind, topic_id = _kind(person, name)
    if not await kind.may_join(tx, person, topic_id):
        raise NotFound("There is no such topic.", field="topic")
    joined: bool | None = await queries.topics.join_topic(
        tx, tenant=person.tenant_id, user_id=person.id, topic=name, most=MOST
    )
    if joined is None:
        raise Conflict(
            f"You have joined {MOST} topics already.",
            code="too_many_topics",
            hint="Leave one: POST /api/topics/{topic}/leave; GET /api/topics lists them.",
        )
    return joined


async def leave(tx: Tx, person: Person, name: str) -> bool:
    """Follow it no more, whatever it is; False when it was not followed."""
    known = {"tenant": person.tenant_id, "user_id": person.id, "topic": name[:LONGEST]}
    followed: bool = await queries.topics.has_joined(tx, **known)
    if followed:
        await queries.topics.leave(tx, **known)
    return followed


async def follows(tx: Tx, person: Person, name: str) -> bool:
    """Whether this person has joined that topic."""
    joined: bool = await queries.topics.has_joined(
        tx, tenant=person.tenant_id, user_id=person.id, topic=name
    )
    return joined


async def joined_by(tx: Tx, person: Person) -> list[str]:
    """What this person follows, by name."""
    rows = queries.topics.joined_by(tx, tenant=person.tenant_id, user_id=person.id)
    return [row["topic"] async for row in rows]


def kinds_of(person: Person) -> list[str]:
    """The kinds of topics that the person's tenant has."""
    return sorted(kind.name for kind in _kinds.values() if kind.module in person.modules)


def _kind(person: Person, name: str) -> tuple[Kind, str]:
    match = _NAME.fullmatch(name)
    known = kinds_of(person)
    if match is None or match[1] not in known:
        said = ", ".join(f"{kind}:<id>" for kind in known) or "none"
        raise NotFound(
            "There is no topic of this kind.",
            code="unknown_topic",
            field="topic",
            hint=f"Topics of this tenant: {said}.",
        )
    return _kinds[match[1]], match[2]
