"""One round of dispatching: claim tenants, render words, write everybody's inbox.

In: rows of the outbox. Out: a hint per tenant, told when its news are committed.
Set-based throughout: no loop here runs over recipients.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from time import monotonic
from uuid import UUID, uuid4

from asyncpg import Record

from campana import handover, rules
from campana.db import Tx
from campana.errors import is_passing
from campana.queries import queries
from campana.signals import Hint
from campana.type_words import Own
from campana.words import Words, is_own, words_of

MAX_TENANTS = 16
MAX_EVENTS = 500
"""Events of one tenant in one round."""
HUGE = 20_000
"""Recipients above which an audience goes in chunks: one statement writes so many in 0.1 s."""
CHUNK = 5_000
"""Recipients of a huge audience that one round serves."""
SOME = 50
"""Recipients up to which an event that comes alone is written in small steps: half the time."""
MAX_ROWS = 20_000
"""Inbox rows of one tenant in one round, about: what others wait for."""
MOSTLY_HERE = 4
"""Recipients for each one who is connected here, up to which all are worth handing over."""


Tell = Callable[[Hint], None]
Here = Callable[[UUID], int]
"""How many users of a tenant are connected to this process."""


class PoisonError(Exception):
    """One event cannot be dispatched."""

    def __init__(self, outbox_id: int, tenant_id: UUID, reason: str) -> None:
        super().__init__(reason)
        self.outbox_id = outbox_id
        self.tenant_id = tenant_id


@dataclass(frozen=True, slots=True)
class Tenant:
    """What dispatching needs to know of a tenant."""

    population: int
    locales: list[str]
    time_zone: str
    looked_up: float


@dataclass(slots=True)
class Tenants:
    """Tenants as they were less than a minute ago. holder: in whose name their turns are taken."""

    known: dict[UUID, Tenant] = field(default_factory=dict)
    holder: UUID = field(default_factory=uuid4)
    types: dict[tuple[UUID, str], Own] = field(default_factory=dict)

    async def look_at_types(self, tx: Tx, rows: Iterable[Record]) -> None:
        """What tenants say now of types of their own; most rounds have none."""
        asked = {(row["tenant_id"], row["type"]) for row in rows if is_own(row["type"])}
        self.types = {}
        if asked:
            found = await tx.fetch(queries.outbox.type_words.sql, *zip(*asked, strict=True))
            self.types = {
                (row["tenant_id"], row["name"]): Own(row["words"], row["icon"]) for row in found
            }

    async def look_up(self, tx: Tx, tenant_id: UUID) -> Tenant:
        """One that has events, so it exists."""
        found = self.known.get(tenant_id)
        if found is None or monotonic() - found.looked_up > 60:
            row = await tx.fetchrow(queries.outbox.tenant.sql, tenant_id, 10 * MAX_ROWS)
            assert row, "events belong to tenants that exist"
            found = Tenant(row["population"], row["locales"] or [], row["time_zone"], monotonic())
            self.known[tenant_id] = found
        return found


async def dispatch(
    tx: Tx,
    tenants: Tenants,
    tell: Tell,
    *,
    here: Here = lambda _: 0,
    patience: float = 0,
    one_by_one: bool = False,
) -> int:
    """Dispatch what waits, fairly: some events of each of the longest-waiting tenants.

    tx: a connection outside a transaction, taking and writing are committed each by itself.
    here: where many of the recipients are, they are handed over with the hint, not asked for.
    patience: seconds to wait for something to come.
    one_by_one: after a failure, each event of its own, so that PoisonError can name the culprit.
    Returns how many events left the outbox or moved on by a chunk.
    """
    at_most = 1 if one_by_one else MAX_EVENTS
    rows = await tx.fetch(queries.outbox.take.sql, tenants.holder, MAX_TENANTS, at_most, patience)
    await tenants.look_at_types(tx, rows)
    together, alone = await _planned(tx, rows, tenants)
    if one_by_one:
        together, alone = [], [*together, *alone]
    if together:
        await _together(tx, together, tenants, tell, here)
    for row in alone:
        await _alone(tx, row, tenants, tell, here)
    return len(together) + len(alone)


async def _planned(
    tx: Tx, rows: Iterable[Record], tenants: Tenants
) -> tuple[list[Record], list[Record]]:
    """Which events go together, and which by themselves: special ones, and one that came alone."""
    together: list[Record] = []
    alone: list[Record] = []
    for tenant_id, group in groupby(rows, key=itemgetter("tenant_id")):
        tenant = await tenants.look_up(tx, tenant_id)
        those, first = _plan(list(group), tenant.population)
        together += those
        alone += first
    if len(together) == 1 and _likely_in(together[0], tenants) <= SOME:
        return [], [*together, *alone]
    return together, alone


def _plan(rows: Sequence[Record], population: int) -> tuple[Sequence[Record], Sequence[Record]]:
    """Which of a tenant's events go together: (those, []), or ([], [the first]) if special."""
    budget = MAX_ROWS
    for number, row in enumerate(rows):
        likely = _likely(row, population)
        special = likely > HUGE or row["collapse_key"] is not None or row["progress"] is not None
        budget -= likely
        if special or (budget < 0 and number > 0):
            return ([], [row]) if special and number == 0 else (rows[:number], [])
    return rows, []


def _likely(row: Record, population: int) -> int:
    """Recipients, at most; never 0."""
    return 1 if rules.the_one(row["rule"]) else max(1, population)


def _likely_in(row: Record, tenants: Tenants) -> int:
    """The same, of a tenant that has been looked up."""
    return _likely(row, tenants.known[row["tenant_id"]].population)


def _is_handed(tenant_id: UUID, likely: int, here: Here) -> bool:
    """Whether so many of the recipients are connected here that their news are handed over."""
    return likely <= MOSTLY_HERE * here(tenant_id)


async def _together(
    tx: Tx, rows: Sequence[Record], tenants: Tenants, tell: Tell, here: Here
) -> None:
    widest = _widest(rows, tenants)
    ids = [row["id"] for row in rows]
    words = [await _words(tx, row, tenants) for row in rows]
    handed = [one for one, likely in widest.items() if _is_handed(one, likely, here)]
    told = await tx.fetch(queries.outbox.fan_out.sql, tenants.holder, [*widest], ids, words, handed)
    events = {row["id"]: row["event_id"] for row in rows}
    for row in told:
        _tell(row, tell, events if row["tenant_id"] in handed else None)


def _widest(rows: Sequence[Record], tenants: Tenants) -> dict[UUID, int]:
    """Of each tenant, the most recipients that one of its events may have; never 0."""
    widest: dict[UUID, int] = {}
    for row in rows:
        tenant_id = row["tenant_id"]
        widest[tenant_id] = max(_likely_in(row, tenants), widest.get(tenant_id, 0))
    return widest


async def _alone(tx: Tx, row: Record, tenants: Tenants, tell: Tell, here: Here) -> None:
    with _blaming(row):
        tenant_id = row["tenant_id"]
        words = await _words(tx, row, tenants)
        handed = _is_handed(tenant_id, _likely_in(row, tenants), here)
        sql = queries.outbox.fan_out_one.sql
        for told in await tx.fetch(sql, tenants.holder, tenant_id, row["id"], words, CHUNK, handed):
            _tell(told, tell, {row["id"]: row["event_id"]} if told["news"] is not None else None)


@contextmanager
def _blaming(row: Record) -> Iterator[None]:
    """What fails inside is this event's fault, unless the database is away or busy."""
    try:
        yield
    except Exception as error:
        if is_passing(error):
            raise
        raise PoisonError(row["id"], row["tenant_id"], str(error)) from error


async def _words(tx: Tx, row: Record, tenants: Tenants) -> Words:
    tenant = await tenants.look_up(tx, row["tenant_id"])
    own = tenants.types.get((row["tenant_id"], row["type"]))
    return words_of(dict(row), tenant.locales, tenant.time_zone, row["actor_name"], own)


def _tell(row: Record, tell: Tell, events: Mapping[int, UUID] | None = None) -> None:
    hint = handover.hint_of(dict(row), events)
    if hint.signals or hint.user_ids or hint.user_ids is None:
        tell(hint)
