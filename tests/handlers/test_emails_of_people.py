"""Another e-mail for somebody: the same person, who signs in with the new one and nobody else's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from campana import audit
from campana.db import Database
from campana.privacy import proceed
from tests.cast import PASSWORD, Cast, Member
from tests.conftest import Browser, SignIn
from tests.handlers.admin import look, send, was
from tests.post import post

NEW = "luisa@norte.test"
LATEST = "select actor, action, detail from campana.audit order by id desc limit 1"


async def rename(browser: Browser, who: Member, email: str, **headers: str) -> Any:
    """Opens the form of this person and sends it with another e-mail."""
    path = f"/admin/people/{who.id}"
    drawn = was((await look(browser, path)).text)
    form = {"email": email, "name": who.name, "role": who.role, "branch": "", "was": drawn}
    branch = orjson.loads(drawn)["branch"]
    return await send(browser, path, form | {"branch": branch}, **headers)


async def can_sign_in(client: SignIn, email: str) -> bool:
    browser = await client()
    form = {"email": email, "password": PASSWORD}
    return (await send(browser, "/login", form)).status == 303


async def test_they_sign_in_with_the_new_one_and_stay_signed_in(
    client: SignIn, owner: Any, db: Database, cast: Cast
) -> None:
    ana, me = await client(cast.ana_admin), cast.luis_colleague
    luis = await client(me)
    answer = await rename(ana, me, f"  {NEW.title()} ")
    assert answer.location == f"/admin/people/{me.id}?done=email"
    said = (await look(ana, answer.location)).text
    assert said.index('class="admin-page"') < said.index("entra con el correo nuevo"), "beside it"

    page = await look(luis, "/preferences")
    assert page.status == 200, "the session goes on"
    assert f"Entras como {NEW}" in page.text
    assert await can_sign_in(client, NEW)
    assert not await can_sign_in(client, me.email)
    actor, action, detail = await owner.fetchrow(LATEST)
    told = orjson.loads(detail)
    assert (actor, action) == (cast.ana_admin.email, "user.change_email")
    assert (told["before"], told["after"]) == ({"email": me.email}, {"email": NEW})
    audit = (await look(ana, f"/admin/audit?q={me.id}")).text
    assert "Correo electrónico cambiado" in audit
    [event] = await post(db, {"audience": f"user:{NEW}"})
    got = "select user_id from campana.inbox where event_id = $1"
    assert await owner.fetchval(got, event) == me.id


@pytest.mark.parametrize(
    ("email", "status", "said"),
    [
        ("rosa@norte.test", 409, "Alguien ya usa este correo"),
        ("EVA@sur.test", 409, "Alguien ya usa este correo"),  # of another tenant
        ("", 422, "Esto no es una dirección de correo"),
        (" ", 422, "Esto no es una dirección de correo"),
        ("nobody", 422, "Esto no es una dirección de correo"),
        (f"{'x' * 250}@norte.test", 422, "Esto no es una dirección de correo"),
        ("x" * 301, 422, ""),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    client: SignIn, owner: Any, cast: Cast, email: str, status: int, said: str
) -> None:
    ana, me = await client(cast.ana_admin), cast.luis_colleague
    refused = await rename(ana, me, email)
    assert refused.status == status
    assert 'id="email-error"' in refused.text
    assert said in refused.text
    kept = await owner.fetchval("select email from campana.users where id = $1", me.id)
    assert kept == me.email


async def test_a_form_that_says_none_leaves_it_and_two_who_edit_see_each_other(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana, me = await client(cast.ana_admin), cast.luis_colleague
    path = f"/admin/people/{me.id}"
    drawn = was((await look(ana, path)).text)
    await send(ana, path, {"name": "Luis Nuevo", "role": me.role})
    one = "select email from campana.users where id = $1"
    assert await owner.fetchval(one, me.id) == me.email
    await rename(ana, me, NEW)
    form = {"email": "other@norte.test", "name": me.name, "role": me.role, "was": drawn}
    late = await send(ana, path, form)
    assert (late.status, NEW in late.text) == (409, True)


async def test_an_open_link_to_choose_a_password_ends(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    """It may have gone to an address that was wrong."""
    ana, me = await client(cast.ana_admin), cast.luis_colleague
    links = "select count(*) from campana.invitation where user_id = $1"
    await send(ana, f"/admin/people/{me.id}/invitation")
    assert await owner.fetchval(links, me.id) == 1
    await send(ana, f"/admin/people/{me.id}", {"name": "Luis Nuevo", "role": me.role})
    assert await owner.fetchval(links, me.id) == 1, "another name changes nothing"
    await rename(ana, me, NEW)
    assert await owner.fetchval(links, me.id) == 0


async def test_erasing_and_handing_out_find_what_was_written_under_the_old_one(
    client: SignIn, owner: Any, db: Database, cast: Cast
) -> None:
    ana, me = await client(cast.ana_admin), cast.luis_colleague
    await post(db, {"audience": f"user:{me.email}", "title": "Antes"})
    await owner.execute(
        "insert into campana.audit (tenant_id, actor, action) values ($1, $2, 'user.invite')",
        me.tenant_id,
        me.email,
    )
    await rename(ana, me, NEW)
    handed_out = (await look(ana, f"/admin/people/{me.id}/export")).text
    lines = [orjson.loads(line) for line in handed_out.splitlines()]
    assert (lines[0]["email"], lines[0]["former_emails"]) == (NEW, [me.email])
    assert [one for one in lines if one["kind"] == "audit" and one["actor"] == me.email]

    assert (await send(ana, f"/admin/people/{me.id}/erase", {"email": NEW})).status == 303
    await proceed(db, cast.norte, me.id)
    for table, text in (("audit", "actor || detail::text"), ("event", "audience")):
        for email in (me.email, NEW):
            left = f"select count(*) from campana.{table} where strpos({text}, $1) > 0"
            assert await owner.fetchval(left, email) == 0, (table, email)
    assert (await send(ana, f"/admin/people/{me.id}", {"name": "X", "role": "STAFF"})).status == 404


async def test_whoever_has_the_old_one_by_now_is_not_erased_with_them(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana, luis, rosa = await client(cast.ana_admin), cast.luis_colleague, cast.rosa_colleague
    await rename(ana, luis, NEW)
    await rename(ana, rosa, luis.email)
    await owner.execute(
        "insert into campana.audit (tenant_id, actor, action) values ($1, $2, 'user.invite')",
        rosa.tenant_id,
        luis.email,
    )
    assert (await send(ana, f"/admin/people/{luis.id}/erase", {"email": NEW})).status == 303
    hers = "select count(*) from campana.audit where actor = $1"
    assert await owner.fetchval(hers, luis.email) == 1
    of_luis = (
        "select count(*) from campana.audit"
        " where detail ->> 'user' = $1 and strpos(detail::text, $2) > 0"
    )
    assert await owner.fetchval(of_luis, str(luis.id), luis.email) == 0


async def test_erasing_them_leaves_the_attempts_of_whoever_signs_in_with_the_old_one_elsewhere(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    """Else an administrator here could free somebody there of their limit, for guessing on."""
    ana, luis = await client(cast.ana_admin), cast.luis_colleague
    await rename(ana, luis, NEW)
    await rename(await client(cast.eva_stranger), cast.leo_stranger, luis.email)
    await send(await client(), "/login", {"email": luis.email, "password": "wrong"})
    await send(await client(), "/login", {"email": NEW, "password": "wrong"})
    assert (await send(ana, f"/admin/people/{luis.id}/erase", {"email": NEW})).status == 303
    kept = "select count(*) from campana.sign_in_attempt where subject = 'account:' || $1"
    assert await owner.fetchval(kept, luis.email) == 1
    assert await owner.fetchval(kept, NEW) == 0


async def test_what_somebody_did_stays_theirs_whoever_has_their_old_one_by_now(
    client: SignIn, owner: Any, db: Database, cast: Cast
) -> None:
    ana, luis, rosa = await client(cast.ana_admin), cast.luis_colleague, cast.rosa_colleague

    async def does(action: str) -> None:
        async with db.tenant(cast.norte) as tx:
            await audit.record(tx, cast.norte, luis.email, action, role="COOK")

    async def handed_out(who: Member) -> set[str]:
        text = (await look(ana, f"/admin/people/{who.id}/export")).text
        lines = [orjson.loads(line) for line in text.splitlines()]
        acts = {line["action"] for line in lines if line["kind"] == "audit"}
        return {act for act in acts if act.startswith("role.")}

    await does("role.create")
    await rename(ana, luis, NEW)
    await rename(ana, rosa, luis.email)
    await does("role.delete")
    assert await handed_out(luis) == {"role.create"}
    assert await handed_out(rosa) == {"role.delete"}
    rows = (await look(ana, f"/admin/audit?actor={luis.email}&action=role.create")).text
    assert f"{luis.email} (hoy {NEW})" in rows
    rows = (await look(ana, f"/admin/audit?actor={luis.email}&action=role.delete")).text
    assert "(hoy " not in rows

    await send(ana, f"/admin/people/{luis.id}/erase", {"email": NEW})
    who = "select action, actor from campana.audit where action like 'role.%'"
    actors = dict(await owner.fetch(who))
    assert actors["role.create"].endswith("@erased.invalid")
    assert actors["role.delete"] == luis.email
