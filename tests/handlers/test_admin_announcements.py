"""Announcements: counted, sent, followed, corrected and withdrawn where they have arrived."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from campana import inbox
from tests.cast import person
from tests.corridor.conftest import http, inbox_of, listen, publish, site, until_dispatched
from tests.handlers.admin import look, send
from tests.post import deliver
from tests.waiting import eventually

__all__ = ["http", "listen", "publish", "site"]  # fixtures

HERE = "/admin/announcements"
FORM = {"title": "Cerramos a las tres", "message": "Hoy.", "audience": "all", "priority": "high"}


@pytest.fixture
def write(live_app, client, cast, owner):
    """`await write(title=…)`: Ana sends it; her browser and the announcement's id."""

    async def write(**changes):
        ana = await client(cast.ana_admin)
        answer = await send(ana, HERE, {**FORM, **changes})
        assert answer.status == 303, answer.text
        found = re.search(rf"{HERE}/([0-9a-f-]+)", answer.location)
        assert found
        await until_dispatched(owner)
        return ana, found[1]

    return write


async def head_of(owner, member):
    return await owner.fetchrow(
        "select seq, unread, rev from campana.inbox_head where user_id = $1", member.id
    )


async def test_it_reaches_its_audience_but_not_its_author(write, owner, cast) -> None:
    ana, announcement = await write(audience="role:STAFF | role:ADMIN")
    assert [str(row["id"]) for row in await inbox_of(owner, cast.luis_colleague)] == [announcement]
    assert await inbox_of(owner, cast.ana_admin) == await inbox_of(owner, cast.carlos_cook) == []
    page = (await look(ana, f"{HERE}/{announcement}")).text
    assert "Enviado a 2" in page
    assert "Cerramos a las tres" in (await look(ana, HERE)).text
    actions = await owner.fetch("select action, detail ->> 'name' as name from campana.audit")
    assert ("announcement.send", "Cerramos a las tres") in [tuple(row.values()) for row in actions]


async def test_readers_of_each_language_get_their_words(write, listen, owner, cast) -> None:
    await owner.execute(
        "update campana.users set locale = 'en' where id = $1", cast.rosa_colleague.id
    )
    luis, rosa = await listen(cast.luis_colleague), await listen(cast.rosa_colleague)
    words = {"title_es": "Hola", "message_es": "", "title_en": "Hello", "message_en": "There"}
    ana, _id = await write(several="true", **words)
    audited = (await look(ana, "/admin/audit")).text
    assert "Título (Español)" in audited
    assert "Mensaje (English)" in audited
    await luis.hears("notification", title="Hola")
    await rosa.hears("notification", title="Hello", message="There")


async def test_whom_it_is_for_is_counted_before_it_goes(client, app, cast) -> None:
    ana = await client(cast.ana_admin)
    alone = await send(ana, f"{HERE}/count", {"audience": "role:STAFF"}, **{"HX-Request": "true"})
    assert "2 personas ahora: Luis Colega, Rosa Colega" in alone.text
    assert "<html" not in alone.text
    whole = await send(ana, f"{HERE}/count", FORM | {"audience": "role:COOK"})
    assert "1 persona ahora: Carlos Cocina" in whole.text
    assert 'value="Cerramos a las tres"' in whole.text, "and nothing typed is lost"
    wrong = await send(ana, f"{HERE}/count", {"audience": "role:STAFF &"}, **{"HX-Request": "true"})
    assert "No se entiende" in wrong.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"message": "x" * 4001}, "message"),
        ({"audience": "role:NOBODY"}, "audience"),
        ({"audience": "((all"}, "audience"),
        ({"audience": "user:ana@norte.test"}, "audience"),
        ({"audience": "user:eva@sur.test"}, "audience"),
        ({"priority": "extreme"}, "priority"),
        ({"deliver_at": "yesterday"}, "deliver_at"),
        ({"deliver_at": "2020-01-01T10:00"}, "deliver_at"),
        ({"deliver_at": "9999-12-31T23:59"}, "deliver_at"),
        ({"deliver_at": "2099-12-31T23:59"}, "deliver_at"),
        ({"several": "true", "title_es": "Hola"}, "title_en"),
    ],
)
async def test_mistakes_are_shown_where_they_are(client, app, cast, owner, changes, field) -> None:
    answer = await send(await client(cast.ana_admin), HERE, FORM | changes)
    assert answer.status == 422
    assert f'id="{field}-error"' in answer.text
    assert await owner.fetchval("select count(*) from campana.announcement") == 0
    assert await owner.fetchval("select count(*) from campana.outbox") == 0


async def test_a_scheduled_one_waits_where_the_tenant_is_and_is_corrected_and_cancelled(
    write, owner, cast
) -> None:
    zone = await owner.fetchval("select time_zone from campana.tenant where id = $1", cast.norte)
    at = (datetime.now(ZoneInfo(zone)) + timedelta(days=1)).replace(second=0, microsecond=0)
    ana, announcement = await write(deliver_at=at.strftime("%Y-%m-%dT%H:%M"))
    due = await owner.fetchval(
        "select deliver_at from campana.scheduled where event_id = $1", announcement
    )
    assert due == at
    assert "Programado" in (await look(ana, HERE)).text
    await send(ana, f"{HERE}/{announcement}", FORM | {"title": "Cerramos a las cuatro"})
    assert await owner.fetchval("select title from campana.scheduled") == "Cerramos a las cuatro"
    await send(ana, f"{HERE}/{announcement}/withdraw")
    assert await owner.fetchval("select count(*) from campana.scheduled") == 0
    assert "Anulado" in (await look(ana, f"{HERE}/{announcement}")).text
    again = await send(ana, f"{HERE}/{announcement}/withdraw")
    assert again.status == 409


async def test_a_correction_keeps_the_id_moves_up_without_noise_and_stays_read(
    write, listen, publish, db, owner, cast
) -> None:
    ana, announcement = await write()
    await publish(title="after it")
    await until_dispatched(owner)
    ids = [row["id"] for row in await inbox_of(owner, cast.luis_colleague)]
    await inbox.apply(db, person(cast.luis_colleague), inbox.read, ids[:1])
    before = {m: await head_of(owner, m) for m in (cast.luis_colleague, cast.rosa_colleague)}
    luis, rosa = await listen(cast.luis_colleague), await listen(cast.rosa_colleague)

    await send(ana, f"{HERE}/{announcement}", FORM | {"title": "Cerramos a las cuatro"})

    told = await luis.hears("notification", title="Cerramos a las cuatro")
    assert told.data["id"] == announcement
    assert told.data["seq"] == before[cast.luis_colleague]["seq"] + 1
    assert told.data["isRead"]
    assert told.data["channels"] == ["inbox"]
    assert not (await rosa.hears("notification", title="Cerramos a las cuatro")).data["isRead"]
    for member, head in before.items():
        rows = await inbox_of(owner, member)
        assert [(str(row["id"]), row["title"]) for row in rows][-1] == (
            announcement,
            "Cerramos a las cuatro",
        )
        assert (await head_of(owner, member))["unread"] == head["unread"]
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0

    await send(ana, f"{HERE}/{announcement}", FORM | {"title": "Cerramos a las cinco"})
    await luis.hears("notification", title="Cerramos a las cinco")
    assert "Leído por" in (await look(ana, f"{HERE}/{announcement}")).text
    await inbox.apply(db, person(cast.rosa_colleague), inbox.read, ids[:1])
    assert (
        await owner.fetchval("select campana.announcement_read($1, $2)", cast.norte, announcement)
        == 2
    )


async def test_a_withdrawal_leaves_every_inbox_and_tells_open_pages(
    write, listen, db, owner, cast
) -> None:
    ana, announcement = await write()
    [row] = await inbox_of(owner, cast.carlos_cook)
    await inbox.apply(db, person(cast.carlos_cook), inbox.delete, [row["id"]])
    await inbox.apply(db, person(cast.luis_colleague), inbox.read, [row["id"]])
    rosa = await listen(cast.rosa_colleague)

    await send(ana, f"{HERE}/{announcement}/withdraw")

    await rosa.hears("deleted", ids=[announcement])
    await eventually(lambda: rosa.named("unread") and rosa.named("unread")[-1].data["count"] == 0)
    for member in (cast.luis_colleague, cast.rosa_colleague, cast.carlos_cook):
        assert await inbox_of(owner, member) == []
        assert (await head_of(owner, member))["unread"] == 0
    await inbox.apply(db, person(cast.carlos_cook), inbox.restore, [row["id"]])
    assert await inbox_of(owner, cast.carlos_cook) == [], "not even out of what was deleted"
    assert "Retirado" in (await look(ana, HERE)).text
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def test_one_that_is_still_being_sent_is_stopped(client, app, db, owner, cast) -> None:
    """The corridor stands still: three people were looked at, herself among them, and one waits."""
    ana = await client(cast.ana_admin)
    answer = await send(ana, HERE, FORM)
    announcement = re.search(r"([0-9a-f-]{36})", answer.location)[1]
    async with db.bus() as bus:
        holder = await bus.fetchval("select gen_random_uuid()")
        [row] = await bus.fetch("select id from campana.take($1, 9, 9, 0)", holder)
        words = {"": {"title": "x", "message": "", "url": None}}
        await bus.fetch(
            "select from campana.fan_out_one($1, $2, $3, $4, 3)",
            *(holder, cast.norte, row["id"], words),
        )
    assert "Enviando: 2 de 3" in (await look(ana, HERE)).text
    await send(ana, f"{HERE}/{announcement}/withdraw")
    assert await owner.fetchval("select count(*) from campana.outbox") == 0
    assert await owner.fetchval("select count(*) from campana.inbox where state <> 3") == 0
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def test_one_that_is_corrected_while_a_dispatcher_holds_it_says_the_new_words(
    client, app, db, owner, cast
) -> None:
    """It was read with the old words, and is about to be written."""
    ana = await client(cast.ana_admin)
    answer = await send(ana, HERE, FORM)
    holder = uuid4()
    async with db.bus() as bus:
        [row] = await bus.fetch("select id from campana.take($1, 9, 9, 0)", holder)
        await send(ana, answer.location, FORM | {"title": "Cerramos a las cuatro"})
        with pytest.raises(asyncpg.SerializationError):
            await bus.fetch(
                "select from campana.fan_out_one($1, $2, $3, $4, 9)",
                *(holder, cast.norte, row["id"], {"": {"title": FORM["title"]}}),
            )
    await deliver(db)
    [row] = await inbox_of(owner, cast.luis_colleague)
    assert row["title"] == "Cerramos a las cuatro"


async def test_one_that_is_withdrawn_while_a_dispatcher_holds_it_goes_nowhere(
    client, app, db, owner, cast
) -> None:
    ana = await client(cast.ana_admin)
    answer = await send(ana, HERE, FORM)
    announcement = re.search(r"([0-9a-f-]{36})", answer.location)[1]
    holder = uuid4()
    async with db.bus() as bus:
        [row] = await bus.fetch("select id from campana.take($1, 9, 9, 0)", holder)
        await send(ana, f"{HERE}/{announcement}/withdraw")
        written = await bus.fetch(
            "select from campana.fan_out_one($1, $2, $3, $4, 9)",
            *(holder, cast.norte, row["id"], {"": {"title": FORM["title"]}}),
        )
    assert written == [], "and nobody is to blame"
    assert await inbox_of(owner, cast.luis_colleague) == []
    assert not await owner.fetchval("select exists (select from campana.signal)")


async def test_another_tenant_neither_sees_nor_changes_it(write, client, owner, cast) -> None:
    _ana, announcement = await write()
    eva, luis = await client(cast.eva_stranger), await client(cast.luis_colleague)
    assert "Cerramos" not in (await look(eva, HERE)).text
    for path in (f"{HERE}/{announcement}", f"{HERE}/{announcement}/withdraw"):
        assert (await send(eva, path, FORM)).status == 404
        assert (await send(luis, path, FORM)).status == 403
    assert len(await inbox_of(owner, cast.luis_colleague)) == 1
