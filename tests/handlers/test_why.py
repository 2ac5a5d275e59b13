"""Why somebody did or did not get an event: told to administrators, and to whom it came."""

from __future__ import annotations

import pytest

from campana import users, why
from campana.i18n import use_locale
from campana.preferences import layers
from campana.preferences.attention import Attention
from campana.preferences.policy import Masks
from tests.handlers.admin import look
from tests.post import post

SALE = "sale:created"


@pytest.fixture
def ask(db, cast):
    """`await ask(event, member)`: the explanation, in English."""

    async def ask(event, member, **more):
        async with db.tenant(cast.norte) as tx:
            with use_locale("en"):
                return await why.explain(tx, cast.norte, event, member.id, **more)

    return ask


def texts(explanation, what):
    return " ".join(step.text for step in explanation.steps if step.what == what)


async def test_who_was_reached_learns_by_which_term_and_what_became_of_it(
    db, ask, client, cast
) -> None:
    [event] = await post(db, {"audience": "role:STAFF | role:ADMIN"})
    await (await client(cast.luis_colleague)).post(f"/api/notifications/{event}/read")
    found = await ask(event, cast.luis_colleague)
    assert (found.reached, found.verdict) == (True, "It was written to the inbox.")
    assert "by: role:STAFF" in texts(found, "audience")
    assert "Role STAFF, branch Centro." in texts(found, "person")
    assert "Inbox, Toast" in texts(found, "inbox")
    assert "Read " in texts(found, "inbox")


async def test_who_is_not_in_the_audience_is_told_so(db, ask, cast) -> None:
    [event] = await post(db, {"audience": "role:ADMIN"})
    found = await ask(event, cast.luis_colleague)
    assert (found.reached, found.verdict) == (
        False,
        "The audience (role:ADMIN) does not name them now.",
    )


async def test_who_may_not_see_the_subject_is_told_so(db, ask, cast) -> None:
    [event] = await post(db, {"subject": "sale:7"})
    found = await ask(event, cast.luis_colleague)
    assert (found.reached, found.verdict) == (
        False,
        "It is about a sale, which they may not see now.",
    )
    assert "The audience (all) names them now" in texts(found, "audience")
    assert (await ask(event, cast.ana_admin)).reached


async def test_who_did_it_is_not_told_of_it(db, ask, cast) -> None:
    [event] = await post(db, {"actor": cast.luis_colleague.email})
    found = await ask(event, cast.luis_colleague)
    assert not found.reached
    assert "did it themselves" in found.verdict


async def test_the_layer_that_switched_it_off_is_named(db, ask, cast) -> None:
    async with db.tenant(cast.norte) as tx:
        await layers.set_masks(tx, cast.norte, SALE, Masks(0, 1), role="STAFF", actor="ana")
        await layers.set_attention(
            tx, cast.norte, Attention(min_priority="high"), role="COOK", actor="ana"
        )
    [event] = await post(db, {"priority": "low"})
    off = await ask(event, cast.luis_colleague)
    assert not off.reached
    assert "switched off in the inbox" in off.verdict
    assert "The role made that" in texts(off, "preferences")
    low = await ask(event, cast.carlos_cook)
    assert "below the minimum (important)" in low.verdict
    assert (await ask(event, cast.rosa_colleague)).reached is False
    assert (await ask(event, cast.ana_admin)).reached


async def test_what_changed_since_is_told_apart_from_then(db, ask, cast) -> None:
    [event] = await post(db, {"audience": "role:STAFF"})
    await users.change_role(db, cast.norte, cast.luis_colleague.id, "COOK", actor="ana@norte.test")
    await users.change_role(db, cast.norte, cast.carlos_cook.id, "STAFF", actor="ana@norte.test")
    lost = await ask(event, cast.luis_colleague)
    assert lost.reached
    assert "named them by: role:STAFF" in texts(lost, "audience")
    assert "does not name them now" in texts(lost, "audience")
    assert "by ana@norte.test: STAFF → COOK" in texts(lost, "person")
    won = await ask(event, cast.carlos_cook)
    assert not won.reached
    assert won.verdict.startswith("By what holds now it would have been written.")


async def test_an_audience_that_cannot_be_read_any_more_is_said_to_be_so(
    db, ask, owner, cast
) -> None:
    [event] = await post(db, {})
    await owner.execute("update campana.event set audience = 'branch:Gone' where id = $1", event)
    found = await ask(event, cast.luis_colleague)
    assert found.reached
    assert "cannot be evaluated any more" in texts(found, "audience")


async def test_administrators_see_it_as_a_page_and_programs_as_json(db, client, cast) -> None:
    [event] = await post(db, {"audience": "role:ADMIN"})
    ana = await client(cast.ana_admin)
    page = await look(ana, f"/admin/log/{event}/why?person={cast.luis_colleague.email}")
    assert (page.status, "state-off" in page.text, "why-no" in page.text) == (200, True, True)
    assert 'aria-invalid="true"' in (await look(ana, f"/admin/log/{event}/why?person=x@y.z")).text
    path = f"/api/events/{event}/why"
    program = await client()
    key = {"X-API-Key": cast.norte_read_key}
    answer = await program.get(path, params={"person": "luis@norte.test"}, headers=key)
    told = await answer.json()
    assert (answer.status, told["reached"]) == (200, False)
    assert {step["what"] for step in told["steps"]} >= {"event", "audience", "inbox"}
    assert (await program.get(path, headers=key)).status == 422
    assert (await program.get(path, headers={"X-API-Key": cast.sur_key})).status == 404


async def test_whoever_got_it_may_ask_and_nobody_learns_of_others(db, client, cast) -> None:
    [event] = await post(db, {"audience": "role:STAFF", "collapse_key": "c"})
    luis = await client(cast.luis_colleague)
    page = await look(luis, f"/notifications/{event}/why")
    assert page.status == 200
    assert "STAFF" in page.text
    assert f"/notifications/{event}/why" in (await look(luis, "/notifications")).text
    await post(db, {"audience": "role:STAFF", "collapse_key": "c", "title": "Más nuevo"})
    assert "Más nuevo" in (await look(luis, f"/notifications/{event}/why")).text
    for member in (cast.ana_admin, cast.carlos_cook, cast.eva_stranger):
        assert (await look(await client(member), f"/notifications/{event}/why")).status == 404
