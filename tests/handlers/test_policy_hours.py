"""Hours, days and lowest priority of a role: shown first with whom they reach, made, taken back."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import orjson
import pytest

from campana.administration.policy import change, undo
from campana.administration.policy.draft import Wanted
from campana.administration.policy.understanding import understood
from campana.db import Database
from campana.events import PRIORITIES
from campana.preferences import choices, layers, matrix
from campana.preferences.attention import Attention, Quiet
from campana.users import Person
from tests.cast import Cast, Member, person_of
from tests.conftest import SignIn
from tests.handlers.admin import look, send, was
from tests.handlers.test_admin_policy import HTMX, LATEST, PAGE

NIGHT = Quiet(dt.time(22), dt.time(6))
FORM = [
    ("layer", "STAFF"),
    ("min_priority", ""),
    ("quiet", "hours"),
    ("quiet_from", "22:00"),
    ("quiet_to", "06:00"),
    ("days", "own"),
    *(("day", str(bit)) for bit in (1, 2, 4, 8, 16)),
    ("urgent_breaks_through", ""),
]


@pytest.fixture
async def me(db: Database, cast: Cast) -> Person:
    return await person_of(db, cast.ana_admin)


async def attends(db: Database, member: Member) -> tuple[Any, ...]:
    """What holds for this person, by the rule itself."""
    async with db.tenant(member.tenant_id) as tx:
        found = (await matrix.of_person(tx, await person_of(db, member))).common
    return tuple(found.first(name)[0] for name in Attention.__slots__)


async def attend(db: Database, member: Member, wanted: Attention) -> None:
    await choices.change(db, await person_of(db, member), choices.attend(wanted))


async def test_they_are_shown_with_names_before_they_count_and_taken_back(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    ana, luis, rosa = await client(cast.ana_admin), cast.luis_colleague, cast.rosa_colleague
    await attend(db, rosa, Attention(quiet=False, work_days=127))
    before = await attends(db, luis)
    form = [*FORM, ("was", was((await look(ana, f"{PAGE}?layer=STAFF&q=zzz")).text))]
    shown = (await send(ana, f"{PAGE}/hours/preview", form)).text
    said = " ".join(shown[shown.index('class="policy-hours"') :].split("</form>")[0].split())
    assert "Cambia para 1 persona</strong>: Luis" in said
    assert "1 conserva lo suyo: Rosa" in said
    assert "22:00–06:00" in shown
    assert await attends(db, luis) == before, "looking changes nothing"

    assert (await send(ana, f"{PAGE}/hours", form)).status == 303
    quiet, days = (await attends(db, luis))[1:3]
    assert (quiet, days) == (NIGHT, 31)
    assert (await attends(db, rosa))[1:3] == (False, 127), "hers stay"
    action, detail = await owner.fetchrow(LATEST)
    told = orjson.loads(detail)
    assert (action, told["role"], told["after"]["work_days"]) == ("layer.attention", "STAFF", 31)
    page = (await look(ana, f"{PAGE}?layer=STAFF")).text
    assert "STAFF · horario y días · 1 persona" in page

    change_id = await owner.fetchval("select id from campana.policy_change")
    undone = await send(ana, f"{PAGE}/undo", {"change": str(change_id), "layer": "STAFF"})
    assert undone.status == 303
    assert await attends(db, luis) == before


async def test_who_is_second_sees_both_values_and_may_insist(
    client: SignIn, db: Database, cast: Cast, me: Person
) -> None:
    ana = await client(cast.ana_admin)
    drawn = was((await look(ana, f"{PAGE}?layer=STAFF&q=zzz")).text)
    theirs = Wanted(role="STAFF", attention=Attention(min_priority="high"))
    await change.apply(db, me, theirs, "unchanged")
    for path in (f"{PAGE}/hours/preview", f"{PAGE}/hours"):
        late = await send(ana, path, [*FORM, ("was", drawn)])
        assert late.status == 409
        assert "Prioridad mínima: Importante" in late.text
        assert 'value="22:00"' in late.text
        swapped = await send(ana, path, [*FORM, ("was", drawn)], **HTMX)
        assert (swapped.status, "Prioridad mínima: Importante" in swapped.text) == (200, True)
    insisting = [*FORM, ("was", was(late.text))]
    shown = (await send(ana, f"{PAGE}/hours/preview", insisting)).text
    assert 'action="/admin/policy/hours"' in shown
    assert (await send(ana, f"{PAGE}/hours", insisting)).status == 303
    assert (await attends(db, cast.luis_colleague))[1] == NIGHT


async def test_the_same_again_changes_nothing_and_wrong_ones_are_refused(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana = await client(cast.ana_admin)
    assert (await send(ana, f"{PAGE}/hours", FORM)).status == 303
    again = (await send(ana, f"{PAGE}/hours/preview", FORM, **HTMX)).text
    assert "No se cambió nada" in again
    for name, value in (
        ("quiet_to", "22:00"),
        ("quiet_to", "late"),
        ("quiet_to", "06+01"),  # an ISO time, with a zone
        ("quiet_to", "T0600"),
        ("min_priority", "extreme"),
        ("quiet", "perhaps"),
        ("layer", "NOBODY"),
    ):
        form = [*(pair for pair in FORM if pair[0] != name), (name, value)]
        assert (await send(ana, f"{PAGE}/hours/preview", form)).status in (404, 422), (name, value)
    assert await owner.fetchval("select count(*) from campana.policy_change") == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ([("quiet_to", "22:00")], "Las horas de silencio terminan a otra hora de la que empiezan."),
        ([("day", None)], "Al menos un día es laborable."),
    ],
)
async def test_a_mistake_stands_in_the_form_of_hours_with_scripts_too(
    client: SignIn, cast: Cast, changed: list[tuple[str, Any]], said: str
) -> None:
    names = {name for name, _value in changed}
    form = [*(pair for pair in FORM if pair[0] not in names), *(one for one in changed if one[1])]
    ana = await client(cast.ana_admin)
    for header, status in (({}, 422), (HTMX, 200)):
        answer = await send(ana, f"{PAGE}/hours/preview", form, **header)
        hours = answer.text[answer.text.index('action="/admin/policy/hours/preview#hours"') :]
        assert answer.status == status, "htmx puts an error nowhere"
        assert said in hours
        assert hours.count('role="alert"') == answer.text.count('role="alert"') == 1


async def test_what_is_foretold_of_hours_is_what_happens(
    db: Database, cast: Cast, me: Person
) -> None:
    people = [cast.ana_admin, cast.luis_colleague, cast.rosa_colleague, cast.carlos_cook]
    chance, moves, keeps = Random("hours"), 0, 0
    for _round in range(40):
        for one in people:
            await attend(db, one, _some(chance))
        async with db.tenant(cast.norte) as tx:
            for role in (layers.TENANT, "STAFF", "COOK"):
                await layers.set_attention(tx, cast.norte, _some(chance), role=role, actor="test")
        wanted = Wanted(role=chance.choice(["", "STAFF", "COOK"]), attention=_some(chance))
        async with db.tenant(cast.norte) as tx:
            foretold = await change.reach_of_hours(tx, me, await understood(tx, me, wanted))
        before = {one.id: await attends(db, one) for one in people}
        assert await change.apply(db, me, wanted, "unchanged") == foretold.changed
        after = {one.id: await attends(db, one) for one in people}
        moved = [one for one in people if before[one.id] != after[one.id]]
        assert set(foretold.changed_names) == {one.name.split()[0] for one in moved}, wanted
        moves, keeps = moves + len(moved), keeps + foretold.kept
        if moved:
            await _take_back(db, me)
            assert {one.id: await attends(db, one) for one in people} == before
    assert moves, "something changed in some rounds"
    assert keeps, "and somebody kept their own"


async def _take_back(db: Database, me: Person) -> None:
    async with db.tenant(me.tenant_id) as tx:
        row = await undo.last(tx, me)
    assert row is not None
    await undo.undo(db, me, row["id"])


def _some(chance: Random) -> Attention:
    quiets = (None, None, False, NIGHT, Quiet(dt.time(12), dt.time(13)))
    return Attention(
        min_priority=chance.choice([None, None, *PRIORITIES]),
        quiet=chance.choice(quiets),
        work_days=chance.choice([None, None, 31, 127]),
        urgent_breaks_through=chance.choice([None, True, False]),
    )
