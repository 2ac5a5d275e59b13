"""An event that cannot be dispatched steps aside after three attempts; the others go on."""

from __future__ import annotations

import asyncpg
import orjson
import pytest

from campana.events import BUILTIN
from campana.words import words_of
from tests.corridor.conftest import everybody_hears, inbox_of, publish_event
from tests.waiting import eventually

POISON = "update campana.outbox set rule = '[\"nonsense\"]' where event_id = $1"


async def spoilt(dsn, **arguments):
    """An event that no dispatcher can understand, published as only an old program could."""
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        event_id = await publish_event(connection, **arguments)
        await connection.execute(POISON, event_id)
    await connection.close()
    return event_id


@pytest.mark.parametrize("how", [{}, {"collapse_key": "chat:1"}], ids=["together", "alone"])
async def test_poison_is_set_aside_and_administrators_hear_of_it(
    dsn, publish, listen, cast, owner, how
) -> None:
    ana, luis = await listen(cast.ana_admin), await listen(cast.luis_colleague)
    eva = await listen(cast.eva_stranger)
    await publish(title="before")
    poison = await spoilt(dsn, title="poison", **how)
    await publish(title="after")
    await publish(tenant="sur", title="elsewhere")

    await eva.hears("notification", title="elsewhere")
    for ear in (ana, luis):
        await ear.hears("notification", title="after")
    alert = (await ana.hears("notification", type="system:alert")).data
    assert alert["data"] | {"reason": ""} == {
        "alert": "event_set_aside",
        "eventId": str(poison),
        "eventType": "sale:created",
        "reason": "",
    }
    assert alert["priority"] == "urgent"
    await everybody_hears(publish, [ana, luis, eva], "norte", "sur")
    titles = [n["title"] for n in luis.notifications]
    assert titles == ["before", "after", "the end"], "in order, without the poison"
    assert not luis.heard("system:alert")
    assert not eva.heard("system:alert")

    (aside,) = await owner.fetch("select * from campana.poison")
    assert (aside["event_id"], aside["type"]) == (poison, "sale:created")
    assert aside["reason"]
    assert orjson.loads(aside["body"])["attempts"] == 3
    assert orjson.loads(aside["body"])["title"] == "poison"
    assert [row["seq"] for row in await inbox_of(owner, cast.luis_colleague)] == [1, 2, 3]


async def test_many_poisoned_events_do_not_stop_the_rest(dsn, publish, listen, cast, owner) -> None:
    luis = await listen(cast.luis_colleague)
    for number in range(4):
        await spoilt(dsn)
        await publish(title=f"good {number}")
    await luis.hears("notification", 10, title="good 3")
    assert [n["title"] for n in luis.notifications] == [f"good {n}" for n in range(4)]
    assert await owner.fetchval("select count(*) from campana.poison") == 4


async def test_a_poisoned_alert_does_not_breed_alerts(dsn, publish, listen, cast, owner) -> None:
    ana = await listen(cast.ana_admin)
    await spoilt(dsn, type="system:alert")
    await everybody_hears(publish, [ana])
    assert await owner.fetchval("select count(*) from campana.poison") == 1
    assert not ana.heard("system:alert")


@pytest.fixture
async def impatient(owner) -> None:
    """The database's administrator lets no connection made from now on wait for locks."""
    database = await owner.fetchval("select current_database()")
    await owner.execute(f"alter database {database} set lock_timeout = '20ms'")


async def test_trouble_that_passes_is_not_held_against_an_event(
    impatient, publish, listen, cast, owner, dsn, corridor
) -> None:
    """Somebody works on the table."""
    luis = await listen(cast.luis_colleague)
    administrator = await asyncpg.connect(dsn)
    work = administrator.transaction()
    await work.start()
    await administrator.execute("lock table campana.inbox in access exclusive mode")
    program = await asyncpg.connect(dsn)
    before = corridor.dispatcher.failures
    event_id = await publish_event(program, title="in vain, for now")
    await eventually(lambda: corridor.dispatcher.failures >= before + 3)
    assert await owner.fetchval("select attempts from campana.outbox") == 0
    await work.rollback()
    await luis.hears("notification", 10, id=str(event_id))
    assert await owner.fetchval("select count(*) from campana.poison") == 0
    await administrator.close()
    await program.close()


async def test_a_right_taken_from_us_is_not_held_against_an_event(
    publish, listen, cast, owner, corridor
) -> None:
    luis = await listen(cast.luis_colleague)
    await owner.execute("revoke insert on campana.inbox from campana_bus")
    before = corridor.dispatcher.failures
    event_id = await publish(title="in vain, for now")
    await eventually(lambda: corridor.dispatcher.failures >= before + 3)
    assert await owner.fetchval("select attempts from campana.outbox") == 0
    await owner.execute("grant insert on campana.inbox to campana_bus")
    await luis.hears("notification", 10, id=str(event_id))
    assert await owner.fetchval("select count(*) from campana.poison") == 0


async def test_data_no_program_can_read_is_refused_at_the_door(
    publish, owner, listen, cast
) -> None:
    luis = await listen(cast.luis_colleague)
    refused = {
        "depth": '{"a":' * 1500 + "1" + "}" * 1500,
        "depth of lists": '{"a":' + "[" * 3000 + "]" * 3000 + "}",
        "number": '{"n": 1e400}',
        "negative": '{"n": [{"deep": -1e999}]}',
    }
    for what, data in refused.items():
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await publish(data=data)
        assert (refusal.value.sqlstate, refusal.value.detail) == ("CA005", "data"), what
        assert refusal.value.hint
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await publish(actions=[{"name": "a", "label": "A", "more": "x" * 40_000}])
    assert (refusal.value.sqlstate, refusal.value.detail) == ("CA006", "actions")
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await publish(actions='[{"name": "a", "label": "A", "more": 1e400}]')
    assert (refusal.value.sqlstate, refusal.value.detail) == ("CA005", "actions")

    accepted = {"deep": {"er": [[[[1e300, -1e-300, 10**25, True, None, "9" * 400]]]]}}
    event_id = await publish(data=orjson.dumps(accepted | {"deep": {"er": 1e300}}).decode())
    await luis.hears("notification", id=str(event_id))
    await publish(data='{"long": "%s", "big": 12345678901234567890123}' % ("9" * 400))
    await everybody_hears(publish, [luis])
    assert await owner.fetchval("select count(*) from campana.poison") == 0


def test_whatever_is_in_data_there_are_words_for_it() -> None:
    """Publishers put anything anywhere; templates must not fall over it."""
    values = (None, 0, -1.5, 1e300, True, "", "x" * 5000, "2026-01-01", [], [1, {}], {"name": {}})
    fields = ("number", "total", "items", "minutes", "start", "customer", "score", "quantity")
    fields += ("name", "from", "to", "oldTime", "newTime", "changes", "reason", "currency", "stage")
    for kind in BUILTIN:
        for value in values:
            event = {
                "type": kind.type,
                "title": None,
                "message": None,
                "url": None,
                "data": dict.fromkeys(fields, value),
                "subject": None,
            }
            for locale, words in words_of(event, ["es", "en"], "UTC").items():
                assert words["title"], (kind.type, value, locale)


async def test_poison_steps_aside_whatever_the_roles_of_its_tenant_are_called(
    dsn, publish, listen, cast, owner
) -> None:
    await owner.execute(
        "insert into campana.role (tenant_id, name, administers)"
        " select $1, rpad('A' || n, 40, 'X'), true from generate_series(10, 69) n",
        cast.norte,
    )
    ana, eva = await listen(cast.ana_admin), await listen(cast.eva_stranger)
    await spoilt(dsn, title="poison")
    await publish(title="after")
    await publish(tenant="sur", title="elsewhere")
    await eva.hears("notification", title="elsewhere")
    await ana.hears("notification", title="after")
    await ana.hears("notification", type="system:alert")
    assert await owner.fetchval("select count(*) from campana.poison") == 1
