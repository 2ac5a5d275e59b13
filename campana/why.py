"""Why somebody did or did not get an event: each step of the decision, in words.

What the inbox row keeps is known as of then: the reason, the channels, what became of it. Audience,
role and preferences have no history: they are asked as they are now and marked so, with what the
audit says of changes since. Some look-ups by key, however many notifications there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from uuid import UUID

from campana import why_words as words
from campana.errors import NotFound
from campana.i18n import current_locale
from campana.preferences import matrix
from campana.preferences.policy import Decision, Occasion, decide
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Tx
    from campana.users import Person

Sign = Literal["yes", "no", "note"]
Known = Literal["then", "now"]


class Step(NamedTuple):
    """One step. sign: speaks for it, against it, or neither. known: as of then, or as of now.

    what: `event`, `audience`, `person`, `preferences`, `inbox` or `streams`.
    """

    what: str
    sign: Sign
    known: Known
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """event: a row of sql/queries/why.sql, of the event and the person. reached: whether it was
    given to the person. verdict: the answer in one sentence."""

    event: Any
    reached: bool
    verdict: str
    steps: list[Step]


class _Reader(NamedTuple):
    """Whose preferences to ask: what of a person they depend on, active or not."""

    tenant_id: UUID
    id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class Facts:
    """given: it was written for the person, even where the row is gone. changes: of the person's
    role, branch and activity since. policy: (times, last) that layers were changed since."""

    row: Any
    given: bool
    decision: Decision | None
    changes: list[Any]
    policy: Any


async def explain(
    tx: Tx, tenant_id: UUID, event_id: UUID, person_id: UUID, *, to_themselves: bool = False
) -> Explanation:
    """The whole decision; NotFound for an event or a person that there is not.

    to_themselves: the person asks, so `you` it is, without what administrators did.
    """
    facts = await _facts(tx, tenant_id, event_id, person_id)
    voice = words.YOU if to_themselves else words.THEY
    steps = [
        *_of_event(facts.row),
        *_of_audience(facts.row, voice),
        *_of_person(facts, voice, with_changes=not to_themselves),
        *_of_preferences(facts, voice, with_changes=not to_themselves),
        *_of_inbox(facts),
        *_of_streams(facts, voice),
    ]
    return Explanation(facts.row, facts.given, _verdict(facts, voice), steps)


async def shown_by(tx: Tx, person: Person, notification_id: UUID) -> UUID:
    """The event that a notification of this person shows; NotFound."""
    found: UUID | None = await queries.why.shown(
        tx, tenant=person.tenant_id, person=person.id, id=notification_id
    )
    if found is None:
        raise NotFound("There is no such notification.")
    return found


async def _facts(tx: Tx, tenant_id: UUID, event_id: UUID, person_id: UUID) -> Facts:
    asked = {"tenant": tenant_id, "id": event_id, "person": person_id}
    row = await queries.why.event(tx, locale=current_locale(), **asked)
    if row is None:
        raise NotFound("There is no such event, or no such person.")
    since = row["dispatched_at"]
    changes = queries.why.changes_of_person(
        tx, tenant=tenant_id, since=since, person=str(person_id)
    )
    return Facts(
        row,
        row["seq"] is not None or await queries.why.given(tx, **asked),
        await _decision(tx, _Reader(tenant_id, person_id, row["role"]), row),
        [change async for change in changes],
        await queries.why.changes_of_policy(
            tx, tenant=tenant_id, since=since, type=row["type"], role=row["role"]
        ),
    )


async def _decision(tx: Tx, reader: _Reader, row: Any) -> Decision | None:
    """What preferences as they are now would have made of it at that moment; None for a type that
    is not there any more."""
    found = await matrix.of_person(tx, cast("Person", reader))
    cells = found.of(row["type"])
    if cells is None:
        return None
    occasion = Occasion(
        moment=row["dispatched_at"],
        priority=row["priority"],
        is_actor=bool(row["is_actor"]),
        sees=row["sees"],
        muted=row["subject"] in found.muted,
    )
    return decide(cells.layers, occasion)


def _of_event(row: Any) -> list[Step]:
    took: float = (row["dispatched_at"] - row["published_at"]).total_seconds() * 1000
    return [Step("event", "note", "then", words.dispatched(row, max(0, round(took))))]


def _of_audience(row: Any, voice: words.Voice) -> list[Step]:
    steps = []
    if row["reason_then"]:
        text = words.reason_then(row["reason_then"], voice)
        steps.append(Step("audience", "yes", "then", text))
    if not row["is_known"]:
        steps.append(Step("audience", "note", "now", words.audience_unknown(row)))
    elif row["reason_now"]:
        steps.append(Step("audience", "yes", "now", words.named_now(row, voice)))
    else:
        steps.append(Step("audience", _against(row), "now", words.not_named_now(row, voice)))
    if not row["sees"]:
        steps.append(Step("audience", _against(row), "now", words.may_not_see(row, voice)))
    return steps


def _against(row: Any) -> Sign:
    """What holds now speaks against it, unless it was different then."""
    return "note" if row["reason_then"] else "no"


def _of_person(facts: Facts, voice: words.Voice, *, with_changes: bool) -> list[Step]:
    row = facts.row
    steps = [Step("person", "note", "now", words.place(row, voice))]
    if row["created_at"] > row["dispatched_at"]:
        steps.append(Step("person", "no", "then", words.came_later(row, voice)))
    if not row["active"]:
        steps.append(Step("person", "no", "now", words.is_inactive()))
    if with_changes:
        steps += [Step("person", "note", "then", words.change(one)) for one in facts.changes]
    if row["is_actor"]:
        steps.append(Step("person", "no", "then", words.is_actor(voice)))
    return steps


def _of_preferences(facts: Facts, voice: words.Voice, *, with_changes: bool) -> list[Step]:
    steps = [
        Step("preferences", _sign(step.before, step.after), "now", words.rule(step, voice))
        for step in (facts.decision.steps if facts.decision else ())
        if step.rule not in ("actor", "unseen")
    ]
    if facts.decision is None:
        steps.append(Step("preferences", "note", "now", words.no_such_type(facts.row)))
    if with_changes and facts.policy["times"]:
        steps.append(Step("preferences", "note", "then", words.policy_changed(facts.policy)))
    return steps


def _sign(before: int, after: int) -> Sign:
    if after == 0:
        return "no"
    return "yes" if after & ~before else "note"


def _of_inbox(facts: Facts) -> list[Step]:
    row = facts.row
    if not facts.given:
        return [Step("inbox", "no", "then", words.not_written())]
    if row["seq"] is None:
        return [Step("inbox", "yes", "then", words.is_gone())]
    steps = [Step("inbox", "yes", "then", words.written(row))]
    if facts.decision and facts.decision.channels != row["channels"] and not row["is_actor"]:
        steps.append(Step("inbox", "note", "now", words.would_be(facts.decision.channels)))
    if row["is_replaced"]:
        steps.append(Step("inbox", "note", "then", words.is_replaced()))
    steps.append(Step("inbox", "note", "then", words.became(row)))
    return steps


def _of_streams(facts: Facts, voice: words.Voice) -> list[Step]:
    """Live messages go to everybody in the audience, whatever they prefer."""
    row, since = facts.row, facts.row["connected_since"]
    if since is not None and since <= row["dispatched_at"]:
        was_told = facts.given or bool(row["is_known"] and row["reason_now"] and row["sees"])
        text = words.was_connected(since, voice, was_told=was_told)
        return [Step("streams", "yes" if was_told else "note", "then", text)]
    return [Step("streams", "note", "now", words.connections_unknown(since, voice))]


def _verdict(facts: Facts, voice: words.Voice) -> str:
    row = facts.row
    if facts.given:
        return words.reached(row, voice)
    if row["is_actor"]:
        return words.is_actor(voice)
    if row["created_at"] > row["dispatched_at"]:
        return words.came_later(row, voice)
    if row["is_known"] and not row["reason_now"]:
        return words.not_named_now(row, voice)
    if not row["sees"]:
        return words.may_not_see(row, voice)
    if facts.decision and not facts.decision.channels:
        return words.rule(facts.decision.steps[-1], voice)
    return words.has_changed()
