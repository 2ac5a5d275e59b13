"""A person's own data: handed out whole, erased for good, and never by another tenant."""

from __future__ import annotations

import json

import pytest

from campana import inbox
from campana.privacy import proceed
from tests.cast import person
from tests.corridor.conftest import http, inbox_of, listen, publish, site, until_dispatched
from tests.handlers.admin import look, send
from tests.waiting import eventually

__all__ = ["http", "listen", "publish", "site"]  # fixtures


@pytest.fixture
def here(cast):
    return f"/admin/people/{cast.luis_colleague.id}"


async def test_everything_is_handed_out_line_by_line(
    live_app, client, publish, db, owner, cast, here
) -> None:
    first = await publish(title="hers and his")
    await publish(title="only hers", audience="role:COOK")
    await until_dispatched(owner)
    await inbox.apply(db, person(cast.luis_colleague), inbox.delete, [first])
    await client(cast.luis_colleague)
    await owner.execute(
        "insert into campana.user_mute (tenant_id, subject, user_id) values ($1, 'sale:1', $2)",
        cast.norte,
        cast.luis_colleague.id,
    )
    answer = await look(await client(cast.ana_admin), f"{here}/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0]["kind"] == "profile"
    assert lines[0]["email"] == cast.luis_colleague.email
    assert {"profile", "session", "mute", "notification", "audit"} <= {one["kind"] for one in lines}
    [told] = [one for one in lines if one["kind"] == "notification"]
    assert (told["id"], told["state"]) == (str(first), "deleted")
    assert cast.carlos_cook.email not in answer.text
    assert "password_hash" not in answer.text


async def test_an_erased_person_is_out_at_once_and_named_nowhere(
    live_app, client, publish, listen, db, owner, cast, here
) -> None:
    luis = cast.luis_colleague
    await publish(title=None, audience="all", actor=luis.email, data={"total": 5})
    await publish(title="for him", audience=f"user:{luis.email}")
    await until_dispatched(owner)
    await owner.execute(
        "update campana.event set words = jsonb_build_object('', jsonb_build_object("
        "'title', 'Vendida por Luis Colega')) where actor = $1",
        luis.id,
    )
    ear, ana = await listen(luis), await client(cast.ana_admin)
    mistyped = await send(ana, f"{here}/erase", {"email": "rosa@norte.test"})
    assert mistyped.status == 422
    assert 'id="email-error"' in mistyped.text

    assert (await send(ana, f"{here}/erase", {"email": luis.email})).status == 303
    await eventually(lambda: not ear.is_open)
    await proceed(db, cast.norte, luis.id)

    assert "Listo" in (await look(ana, f"{here}/privacy")).text
    kept = await owner.fetchrow("select * from campana.users where id = $1", luis.id)
    assert (kept["active"], kept["password_hash"]) == (False, None)
    assert await inbox_of(owner, luis) == []
    for table in ("session", "user_preference", "user_attention", "user_mute", "user_settings"):
        count = f"select count(*) from campana.{table} where user_id = $1"
        assert await owner.fetchval(count, luis.id) == 0, table
    for table in ("users", "audit", "event", "erasure", "event_words"):
        count = f"select count(*) from campana.{table} t where t::text like '%Luis Colega%'"
        assert await owner.fetchval(count) == 0, table
        count = f"select count(*) from campana.{table} t where t::text like '%{luis.email}%'"
        assert await owner.fetchval(count) == 0, table
    words = await owner.fetchval("select words::text from campana.event where actor = $1", luis.id)
    assert "Vendida por —" in words
    assert await owner.fetchval(
        "select count(*) from campana.audit where action = 'user.erase' and detail ->> 'user' = $1",
        str(luis.id),
    )
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0
    page = (await look(ana, here)).text
    assert "Borrada" in page
    assert "/activate" not in page
    assert (await send(ana, f"{here}/activate")).status == 404, "nothing brings it back"
    await publish(title="after")
    await until_dispatched(owner)
    assert await inbox_of(owner, luis) == []


async def test_the_last_administrator_stays(app, client, owner, cast) -> None:
    ana = await client(cast.ana_admin)
    here = f"/admin/people/{cast.ana_admin.id}"
    answer = await send(ana, f"{here}/erase", {"email": cast.ana_admin.email})
    assert answer.status == 409
    assert await owner.fetchval("select name from campana.users where id = $1", cast.ana_admin.id)
    assert await owner.fetchval("select count(*) from campana.erasure") == 0


async def test_neither_a_colleague_nor_another_tenant_gets_at_it(app, client, cast, here) -> None:
    eva, rosa = await client(cast.eva_stranger), await client(cast.rosa_colleague)
    for path in (f"{here}/export", f"{here}/privacy"):
        assert (await look(eva, path)).status == 404
        assert (await look(rosa, path)).status == 403
    assert (await send(eva, f"{here}/erase", {"email": cast.luis_colleague.email})).status == 404
    assert (await send(rosa, f"{here}/erase", {})).status == 403


@pytest.mark.parametrize("name", ["title", ":", '"', "{", "e", "\\1", "(", "Ana"])
async def test_whatever_an_erased_person_is_called_only_the_person_is_forgotten(
    live_app, client, publish, db, owner, cast, here, name
) -> None:
    luis, words = cast.luis_colleague, {"": {"title": f"Por {name}, no por Mariana", "message": ""}}
    await owner.execute("update campana.users set name = $1 where id = $2", name, luis.id)
    namesake = await owner.fetchval(
        "insert into campana.users (tenant_id, id, email, name, role)"
        " values ($1, campana.uuid7(), 'jose' || $2, 'José Luis', 'STAFF') returning id",
        cast.norte,
        luis.email,
    )
    await publish(audience=f"user:{luis.email.upper()} | user:jose{luis.email}", actor=luis.email)
    await until_dispatched(owner)
    await owner.execute(
        "update campana.event set words = $1::text::jsonb where actor = $2",
        json.dumps(words),
        luis.id,
    )
    ana = await client(cast.ana_admin)
    changed = {"name": "José", "role": "COOK", "branch": "", "was": ""}
    assert (await send(ana, f"/admin/people/{namesake}", changed)).status == 303

    assert (await send(ana, f"{here}/erase", {"email": luis.email})).status == 303
    await proceed(db, cast.norte, luis.id)

    kept = await owner.fetchrow("select audience, words::text from campana.event")
    assert kept["audience"].startswith(f"user:erased-{luis.id}@erased.invalid | ")
    assert kept["audience"].endswith(f" | user:jose{luis.email}")
    assert json.loads(kept["words"]) == {"": {"title": "Por —, no por Mariana", "message": ""}}
    told = "select count(*) from campana.audit where detail ->> 'email' = 'jose' || $1"
    assert await owner.fetchval(told, luis.email) == 1
    left = "select count(*) from campana.sign_in_attempt where strpos(subject, $1) > 0"
    assert await owner.fetchval(left, ":" + luis.email) == 0
