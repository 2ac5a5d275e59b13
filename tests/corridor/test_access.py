"""Whoever loses a right loses its streams at once, on every process, and nobody else's end."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import structlog

from campana import keys, listener, sessions, users, wheel
from campana.outbox import Tenants, dispatch
from campana.signals import HINT, Hint
from tests.corridor.conftest import (
    ear_of,
    everybody_hears,
    inbox_of,
    signed_in_ear,
    until_dispatched,
)
from tests.post import deliver
from tests.sse import Message
from tests.waiting import eventually

GOODBYE = Message("bye", {"reason": "signed_out"})
at_once = pytest.mark.usefixtures("without_sweeps")


@pytest.fixture
def sign_in(db, http, site):
    """`ear, token = await sign_in(member)`: a stream opened by a session of its own."""
    opened = []

    async def sign_in(member):
        ear, token = await signed_in_ear(db, http, site, member)
        opened.append(ear)
        return ear, token

    return sign_in


async def closes(ear) -> None:
    await ear.ended()
    assert ear.messages[-1] == GOODBYE


async def still_hear(publish, *ears) -> None:
    await everybody_hears(publish, list(ears))
    assert all(ear.is_open for ear in ears)


@at_once
async def test_signing_out_closes_the_streams_of_that_session_only(
    sign_in, db, publish, cast
) -> None:
    here, token = await sign_in(cast.ana_admin)
    there, _ = await sign_in(cast.ana_admin)
    luis, _ = await sign_in(cast.luis_colleague)

    await sessions.close(db, token)

    await closes(here)
    await still_hear(publish, there, luis)
    assert (await here.open()).status == 401


async def test_a_hint_from_another_program_ends_no_stream(
    sign_in, listen, owner, publish, cast, corridor
) -> None:
    """Every login of the database can notify."""
    ana, _ = await sign_in(cast.ana_admin)
    luis = await listen(cast.luis_colleague)
    for who in ({}, {"u": [str(cast.ana_admin.id)]}):
        forged = orjson.dumps({"t": str(cast.norte), "check": None, **who}).decode()
        await owner.execute("select pg_notify($1, $2)", HINT, forged)
    await still_hear(publish, ana, luis)
    assert not ana.named("bye")


async def test_a_language_chosen_meanwhile_is_spoken_on_the_open_stream(
    sign_in, db, publish, cast
) -> None:
    ana, _ = await sign_in(cast.ana_admin)
    for locale, title in (("en", "New sale"), ("es", "Venta nueva"), ("en", "New sale")):
        await users.choose_locale(db, cast.ana_admin, locale)
        event_id = await publish(audience="role:ADMIN")
        await ana.hears("notification", id=str(event_id), title=title)
    assert ana.connections == 1


@at_once
@pytest.mark.parametrize("verb", ["deactivate", "change_role", "change_password"])
async def test_whoever_loses_rights_loses_every_stream_at_once(
    sign_in, listen, db, publish, cast, verb
) -> None:
    by_session, _ = await sign_in(cast.rosa_colleague)
    by_key = await listen(cast.rosa_colleague)
    luis, ana = await listen(cast.luis_colleague), await listen(cast.ana_admin)

    more = {"change_role": ["COOK"], "change_password": ["another one entirely"]}.get(verb, [])
    await getattr(users, verb)(db, cast.norte, cast.rosa_colleague.id, *more, actor="test")

    await closes(by_session)
    await closes(by_key)
    await still_hear(publish, luis, ana)
    assert (await by_session.open()).status == 401, "the session has ended too"
    assert (await by_key.open()).status == (404 if verb == "deactivate" else 200)


async def test_a_new_role_counts_from_the_next_event(sign_in, listen, db, publish, cast) -> None:
    rosa, carlos = await listen(cast.rosa_colleague), await listen(cast.carlos_cook)
    await users.change_role(db, cast.norte, cast.rosa_colleague.id, "COOK", actor="test")
    await rosa.ended()
    await rosa.returns()
    assert rosa.hello["role"] == "COOK"
    await publish(type="order:created", audience="role:COOK", title="for cooks")
    for ear in (rosa, carlos):
        await ear.hears("order:created", title="for cooks")
        await ear.hears("notification", title="for cooks")


async def test_rights_taken_behind_our_back_end_with_the_next_sweep(
    sign_in, listen, db, owner, publish, cast
) -> None:
    """Somebody deletes the rows by hand, or the hint is lost: no sweep is further than 5 s away."""
    assert wheel.SWEEP_EVERY <= 4.5
    luis = await listen(cast.luis_colleague)
    session, token = await sign_in(cast.ana_admin)
    expired, its_token = await sign_in(cast.ana_admin)
    role, _ = await sign_in(cast.rosa_colleague)
    key_id = await keys.remember(
        db, cast.norte, "ck_passing", name="passing", scopes=keys.SCOPES, actor="test"
    )
    by_key = await listen(cast.carlos_cook, key="ck_passing")
    eva = await listen(cast.eva_stranger)

    by_token = "where token_hash = $1"
    await owner.execute(f"delete from campana.session {by_token}", sessions.token_hash(token))
    await owner.execute(
        f"update campana.session set expires_at = now() {by_token}", sessions.token_hash(its_token)
    )
    await owner.execute(
        "update campana.users set role = 'COOK', auth_version = auth_version + 1 where id = $1",
        cast.rosa_colleague.id,
    )
    await keys.revoke(db, cast.norte, key_id, actor="test")
    await owner.execute("update campana.tenant set active = false where id = $1", cast.sur)

    await asyncio.gather(*[closes(ear) for ear in (session, expired, role, by_key, eva)])
    await still_hear(publish, luis)
    assert (await by_key.open()).status == 401


@at_once
async def test_a_stream_opened_while_rights_change_never_stays_open(
    db, http, site, owner, cast, corridor, listen, publish
) -> None:
    """Authentication, registration and the change in every order that chance gives."""
    rosa = cast.rosa_colleague
    luis = await listen(cast.luis_colleague)
    for turn in range(12):
        ears = [ear_of(http, site, rosa, cast.norte_key) for _ in range(6)]
        role = ("COOK", "STAFF")[turn % 2]
        await asyncio.gather(
            *[ear.open() for ear in ears[:3]],
            users.change_role(db, cast.norte, rosa.id, role, actor="test"),
            *[ear.open() for ear in ears[3:]],
        )
        now = await owner.fetchval("select auth_version from campana.users where id = $1", rosa.id)
        await eventually(lambda ears=ears: _all_have_settled(ears))
        await eventually(lambda now=now: _versions(corridor, rosa) <= {now})
        # A goodbye may still be on its way to an ear whose stream has ended here.
        await eventually(lambda ears=ears, role=role: _none_is_outdated(ears, role))
        for ear in ears:
            await ear.cut()
        await eventually(lambda: corridor.hub.count == 1)
    await still_hear(publish, luis)


def _versions(corridor, member) -> set[int]:
    """Of the rights that this member's open streams were opened with."""
    open_ones = [s for s in corridor.hub.streams() if s.is_open and s.reader.user_id == member.id]
    return {stream.reader.auth_version for stream in open_ones}


def _all_have_settled(ears) -> bool:
    """Each was greeted or refused, and whoever was sent away is gone."""
    return all(ear.named("hello") or not ear.is_open for ear in ears) and not any(
        ear.is_open and ear.named("bye") for ear in ears
    )


def _none_is_outdated(ears, role) -> bool:
    return all(ear.hello["role"] == role for ear in ears if ear.is_open)


async def test_a_stream_closed_while_it_is_being_admitted_hears_nothing_after_bye(
    owner, http, site, cast, corridor, publish, listen
) -> None:
    """The hub has asked whether it may be open; before the answer comes the right is withdrawn."""
    luis = await listen(cast.luis_colleague)
    holding = owner.transaction()
    await holding.start()
    await owner.execute("lock table campana.inbox_head in access exclusive mode")
    ear = await ear_of(http, site, cast.rosa_colleague, cast.norte_key).open()
    await eventually(lambda: _somebody_waits(owner))
    stream = next(s for s in corridor.hub.streams() if not s.is_open)
    corridor.hub.close(stream, "signed_out")
    await holding.rollback()
    await ear.ended()
    await still_hear(publish, luis)
    assert [m.name for m in ear.messages] == ["bye"]
    assert not stream.is_open


@at_once
async def test_a_doubt_raised_while_an_earlier_one_is_being_settled_is_settled_too(
    sign_in, listen, owner, publish, cast, corridor
) -> None:
    """The hub has asked, and the answer, as of then, is yes; before it comes the right goes."""
    doubt = Hint(cast.norte, [cast.ana_admin.id], checks=True)
    ana, token = await sign_in(cast.ana_admin)
    luis = await listen(cast.luis_colleague)
    await _hold_answers_about_sessions(owner)

    corridor.hub.hint(doubt)
    await eventually(lambda: _somebody_waits(owner))
    await owner.execute(
        "delete from campana.session where token_hash = $1", sessions.token_hash(token)
    )
    corridor.hub.hint(doubt)
    assert ana.is_open
    await owner.execute("select pg_advisory_unlock($1)", HELD)

    await closes(ana)
    await still_hear(publish, luis)


HELD = 77
"""Key of the advisory lock under which answers wait."""


async def _hold_answers_about_sessions(owner) -> None:
    """Queries of the bus have their snapshot, and wait for HELD when they come to a session."""
    await owner.execute(
        f"""
        create function campana.held() returns boolean language plpgsql as $$
        begin
          perform pg_advisory_xact_lock_shared({HELD});
          return true;
        end $$;
        grant execute on function campana.held() to campana_bus;
        create policy held on campana.session as restrictive to campana_bus using (campana.held());
        select pg_advisory_lock({HELD});
        """
    )


async def _somebody_waits(owner) -> bool:
    return await owner.fetchval(
        "select count(*) > 0 from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )


async def test_hints_nobody_of_us_sent_do_no_harm(
    db, owner, publish, listen, cast, corridor
) -> None:
    ana = await listen(cast.ana_admin)
    tenant, user = str(cast.norte), str(cast.ana_admin.id)
    for payload in (
        "",
        "garbage",
        "[]",
        "{}",
        "null",
        '{"t": 7}',
        f'{{"t": "{tenant}"}}',
        f'{{"t": "{tenant}", "s": ["x"], "u": ["{user}"]}}',
        f'{{"t": "{tenant}", "s": [1e400, {2**70}, -1, null], "u": ["{user}"]}}',
        f'{{"t": "{tenant}", "s": [], "u": ["nobody"]}}',
        f'{{"t": "{tenant}", "s": {{}}, "u": 5}}',
        f'{{"t": "{tenant}", "check": "nobody", "credential": null}}',
        f'{{"t": "{tenant}", "check": "{user}"}}',
        f'{{"t": "{tenant}", "s": [123456789], "u": ["{user}"]}}',
    ):
        await owner.execute("select pg_notify($1, $2)", HINT, payload)
    await still_hear(publish, ana)
    assert [m.name for m in ana.messages if m.name in ("bye", "resync")] == []


async def test_a_flood_of_hints_nobody_of_us_sent_does_not_fill_the_log(
    db, owner, monkeypatch
) -> None:
    monkeypatch.setattr(listener, "PROBE_EVERY", 0.05)
    heard: list[Hint] = []
    ours = listener.Listener(
        db, own="us", on_hint=heard.append, on_wake=lambda: None, on_gap=lambda: None
    )
    with structlog.testing.capture_logs() as lines:
        running = asyncio.create_task(ours.run())
        await eventually(lambda: ours.connected)
        flood = "select pg_notify($1, 'garbage ' || n) from generate_series(1, 500) n"
        await owner.execute(flood, HINT)
        await eventually(lambda: sum(line.get("count", 0) for line in lines) == 500)
        running.cancel()
    assert len(lines) <= 5
    assert heard == []


@at_once
async def test_a_new_role_takes_along_what_came_for_the_old_one_and_leaves_the_rest(
    sign_in, db, publish, owner, cast
) -> None:
    carlos, luis = cast.carlos_cook, cast.luis_colleague
    await publish(audience="role:COOK", title="for cooks")
    await publish(audience="role:COOK | user:carlos@norte.test", title="for him too")
    await publish(audience="role:COOK & branch:Centro", title="for cooks of his branch")
    await publish(audience='branch:"Centro"', title="for his branch")
    await publish(audience="all", title="for everybody")
    await publish(audience="!role:STAFF", title="for all but staff")
    await until_dispatched(owner)

    async def titles(member) -> list[str]:
        rows = await owner.fetch(
            "select e.words -> '' ->> 'title' as title from campana.inbox i"
            " join campana.event e on e.tenant_id = i.tenant_id and e.id = i.event_id"
            " where i.user_id = $1 and i.state = 0 order by i.seq",
            member.id,
        )
        return [row["title"] for row in rows]

    before = await titles(luis)
    assert len(await titles(carlos)) == 6
    there, _ = await sign_in(carlos)
    hello = await there.hears("hello")

    await users.change_role(db, cast.norte, carlos.id, "STAFF", actor="test")

    assert await titles(carlos) == ["for him too", "for his branch", "for everybody"]
    assert await titles(luis) == before, "nobody else's"
    await closes(there)
    head = await owner.fetchrow("select * from campana.inbox_head where user_id = $1", carlos.id)
    assert (head["unread"], head["seq"]) == (3, 6)
    assert head["rev"] > hello.data["rev"], "whoever returns fetches again"
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def test_what_is_written_while_a_role_changes_does_not_stay(db, owner, publish, cast) -> None:
    """The dispatcher asks who administers before the change counts, and writes after it."""
    change = owner.transaction()
    await change.start()
    await owner.execute("update campana.users set role = 'COOK' where id = $1", cast.ana_admin.id)
    await publish(audience="role:ADMIN", title="not hers")
    async with db.bus() as tx, db.bus() as looker:
        writing = asyncio.create_task(dispatch(tx, Tenants(), lambda hint: None))

        async def has_looked() -> bool:
            waits = "select exists (select from pg_locks where not granted)"
            return writing.done() or await looker.fetchval(waits)

        await eventually(has_looked)
        await change.commit()
        await writing
    await deliver(db)
    assert await inbox_of(owner, cast.ana_admin) == []
    assert await owner.fetchval("select campana.unread_drift(1000)") == 0
