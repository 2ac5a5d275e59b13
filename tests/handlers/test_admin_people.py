"""Administrators look after people: who they are, what they may, and that it counts at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from campana import demo, users
from campana.administration import people
from campana.db import Database
from campana.errors import Conflict
from tests.cast import Cast, Member
from tests.conftest import SignIn
from tests.handlers.admin import look, secret, send, was
from tests.waiting import eventually

NEW = {"email": "Nina@Norte.test", "name": "Nina Nueva", "role": "STAFF"}
PAGES = ["people", "people/new", "roles", "branches", "settings", "attention", "keys", "issuers"]
LATEST = "select actor, action, detail from campana.audit order by id desc limit 1"


async def edit(browser: Any, who: Member, **changes: str) -> Any:
    """Opens the form of this person and sends it with these changes."""
    path = f"/admin/people/{who.id}"
    form = {"name": who.name, "role": who.role, "was": was((await look(browser, path)).text)}
    return await send(browser, path, form | changes)


async def test_each_role_of_every_business_is_let_in_or_not(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    for tenant, person in demo.one_click_people():
        row = await owner.fetchrow("select * from campana.users where email = $1", person.email)
        member = Member(tenant.slug, person.email, person.name, person.role, None, *row[:2])
        browser = await client(member)
        expected = 200 if tenant.roles[person.role] else 403
        for page in ("", "audit", *PAGES):
            assert (await look(browser, f"/admin/{page}".rstrip("/"))).status == expected, (
                person,
                page,
            )
        way = 'href="/admin"' in (await look(browser, "/notifications")).text
        assert way == tenant.roles[person.role]


async def test_people_are_found_by_words_role_branch_and_state(client: SignIn, cast: Cast) -> None:
    ana = await client(cast.ana_admin)

    async def names(query: str) -> set[str]:
        text = (await look(ana, f"/admin/people?{query}")).text
        return {one.name for one in cast.people().values() if one.name in text.split("<h1")[1]}

    everybody = {one.name for one in cast.of("norte")}
    assert await names("") == everybody
    assert await names("q=INES") == {"Inés Inactiva"}
    assert await names("q=luis@norte") == {"Luis Colega"}
    assert await names("role=COOK") == {"Carlos Cocina"}
    assert await names("state=inactive") == {"Inés Inactiva"}
    assert await names("q=%25") == set()
    assert await names("q=eva") == set(), "another tenant's"
    part = await look(ana, "/admin/people?q=rosa", **{"HX-Request": "true"})
    assert part.text.lstrip().startswith("<section")


async def test_ten_thousand_people_are_walked_through_page_by_page(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    await demo.add_people(db, 10_000)
    tenant = await owner.fetchval("select id from campana.tenant where slug = 'carga'")
    seen: list[UUID] = []
    which = people.Filter()
    async with db.tenant(tenant) as tx:
        while True:
            listed = await people.page(tx, tenant, which)
            assert listed.count == 10_000
            seen += [row["id"] for row in listed.rows]
            if listed.more is None or len(seen) > 400:
                break
            which = people.Filter(after=listed.more)
        assert len(set(seen)) == len(seen) == 450
        found = await people.page(tx, tenant, people.Filter(sought="u09999@"))
        assert found.count == 1


async def test_somebody_invited_chooses_a_password_and_is_in(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    shown = await send(await client(cast.ana_admin), "/admin/people", NEW)
    assert shown.status == 200
    link = secret(shown.text)
    path = link[link.index("/invitation") :]
    token = path.partition("token=")[2]
    kept = await owner.fetch("select * from campana.invitation")
    audit = await owner.fetch("select * from campana.audit")
    assert token not in str([dict(row) for row in [*kept, *audit]])

    nina = await client()
    assert "Nina Nueva" in (await look(nina, path)).text
    for password, again, status in (("short", "short", 422), ("long enough", "otherwise", 422)):
        form = {"token": token, "password": password, "again": again}
        assert (await send(nina, "/invitation", form)).status == status
    form = {"token": token, "password": "a sentence of mine", "again": "a sentence of mine"}
    assert (await send(nina, "/invitation", form)).location == "/"
    assert "Nina Nueva" in (await look(nina, "/notifications")).text
    assert dict(await owner.fetchrow(LATEST))["action"] == "user.accept_invitation"

    assert (await look(await client(), path)).status == 404, "it holds once"
    assert (await send(await client(), "/invitation", form)).status == 404
    login = {"email": "nina@norte.test", "password": "a sentence of mine"}
    assert (await send(await client(), "/login", login)).status == 303


async def test_a_link_ends_with_time_with_a_newer_one_and_with_its_person(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana, luis = await client(cast.ana_admin), cast.luis_colleague
    nobody = await client()

    async def new_link() -> str:
        return secret((await send(ana, f"/admin/people/{luis.id}/invitation")).text)

    async def status(link: str) -> int:
        return (await look(nobody, link[link.index("/invitation") :])).status

    first, second = await new_link(), await new_link()
    assert (await status(first), await status(second)) == (404, 200)
    await owner.execute("update campana.invitation set expires_at = now()")
    assert await status(second) == 404
    third = await new_link()
    await send(ana, f"/admin/people/{luis.id}/deactivate")
    assert await status(third) == 404
    assert (await send(ana, f"/admin/people/{luis.id}/invitation")).status == 409
    for token in ("", "x", "%F0%9F%94%94", "a" * 5000):
        assert (await look(nobody, f"/invitation?token={token}")).status == 404


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("email", "no address", 422),
        ("email", "LUIS@norte.test", 409),
        ("email", "eva@sur.test", 409),
        ("name", " ", 422),
        ("name", "x" * 121, 422),
        ("name", "Nina\u202enimdA", 422),
        ("role", "CEO", 422),
        ("branch", "00000000-0000-0000-0000-000000000001", 422),
        ("branch", "Centro", 422),
        ("tenant_id", "anything", 422),
    ],
)
async def test_a_new_person_is_refused_field_by_field(
    client: SignIn, owner: Any, cast: Cast, field: str, value: str, status: int
) -> None:
    before = await owner.fetchval("select count(*) from campana.users")
    answer = await send(await client(cast.ana_admin), "/admin/people", NEW | {field: value})
    assert answer.status == status
    assert f'id="{field}-error"' in answer.text or field == "tenant_id"
    assert 'value="Nina Nueva"' in answer.text or field == "name", "what was typed is still there"
    assert await owner.fetchval("select count(*) from campana.users") == before


async def test_a_change_is_written_with_before_and_after(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana, luis = await client(cast.ana_admin), cast.luis_colleague
    puerto = await owner.fetchval("select id::text from campana.branch where name = 'Puerto'")
    answer = await edit(ana, luis, name="Luis Nuevo", branch=puerto)
    assert answer.location == f"/admin/people/{luis.id}?done=saved"
    assert 'role="status"' in (await look(ana, answer.location)).text
    row = await owner.fetchrow("select * from campana.users where id = $1", luis.id)
    assert (row["name"], str(row["branch_id"]), row["auth_version"]) == ("Luis Nuevo", puerto, 1)
    actor, action, detail = await owner.fetchrow(LATEST)
    assert (actor, action) == (cast.ana_admin.email, "user.change")
    assert '"before": {"name": "Luis Colega", "branch": "Centro"}' in detail
    assert '"after": {"name": "Luis Nuevo", "branch": "Puerto"}' in detail

    told = await owner.fetchval("select count(*) from campana.audit")
    await edit(ana, luis, name="Luis Nuevo", branch=puerto)
    assert await owner.fetchval("select count(*) from campana.audit") == told, "nothing changed"


async def test_htmx_gets_the_confirmation_or_the_form_and_no_page(
    client: SignIn, cast: Cast
) -> None:
    ana, htmx = await client(cast.ana_admin), {"HX-Request": "true"}
    path = f"/admin/people/{cast.luis_colleague.id}"
    form = {"name": "Luis Nuevo", "role": "STAFF"}
    done = await send(ana, path, form, **htmx)
    assert (done.status, done.text.startswith("<p")) == (200, True)
    refused = await send(ana, path, form | {"name": " "}, **htmx)
    assert (refused.status, "<html" in refused.text) == (422, False)
    assert 'id="name-error"' in refused.text


async def test_two_who_edit_at_once_lose_nothing(client: SignIn, owner: Any, cast: Cast) -> None:
    ana, luis = await client(cast.ana_admin), cast.luis_colleague
    path = f"/admin/people/{luis.id}"
    drawn = was((await look(ana, path)).text)
    one = "select branch_id::text from campana.users where id = $1"
    centro = await owner.fetchval(one, luis.id)
    await edit(ana, luis, name="Luis Primero", branch=centro)

    mine = {"name": luis.name, "role": "COOK", "branch": centro, "was": drawn}
    assert (await send(ana, path, mine)).status == 303, "another field: both changes are kept"
    row = await owner.fetchrow("select name, role from campana.users where id = $1", luis.id)
    assert tuple(row) == ("Luis Primero", "COOK")

    mine = {"name": "Luis Segundo", "role": "STAFF", "branch": centro, "was": drawn}
    refused = await send(ana, path, mine)
    assert refused.status == 409
    assert "Luis Primero" in refused.text, "theirs"
    assert 'value="Luis Segundo"' in refused.text, "mine"
    assert '<option value="COOK" selected>' in refused.text, "what I did not touch is as it is now"
    again = {"name": "Luis Segundo", "role": "COOK", "branch": centro, "was": was(refused.text)}
    assert (await send(ana, path, again)).status == 303, "knowing theirs, mine counts"


async def test_a_new_role_closes_what_was_open_at_once(
    live_app: object, client: SignIn, cast: Cast
) -> None:
    ana, luis = await client(cast.ana_admin), await client(cast.luis_colleague)
    rosa = await client(cast.rosa_colleague)
    streams = [await browser.get("/api/stream") for browser in (luis, rosa)]
    for stream in streams:
        assert await stream.content.readuntil(b"event: hello")
    answer = await edit(ana, cast.luis_colleague, role="COOK")
    assert answer.location.endswith("done=role")
    await eventually(lambda: _ends(streams[0]))
    assert (await look(luis, "/notifications")).location.startswith("/login")
    assert not streams[1].content.at_eof(), "somebody else goes on"
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("verb", ["sign-out", "deactivate"])
async def test_sessions_end_when_an_administrator_says_so(
    client: SignIn, owner: Any, cast: Cast, verb: str
) -> None:
    ana, luis = await client(cast.ana_admin), await client(cast.luis_colleague)
    path = f"/admin/people/{cast.luis_colleague.id}"
    assert (await send(ana, f"{path}/{verb}")).status == 303
    assert (await look(luis, "/notifications")).location.startswith("/login")
    detail = (await owner.fetchrow(LATEST))["detail"]
    assert cast.luis_colleague.email in detail
    login = {"email": cast.luis_colleague.email, "password": "demo"}
    again = await send(await client(), "/login", login)
    assert again.status == (303 if verb == "sign-out" else 401)
    await send(ana, f"{path}/activate")
    assert (await send(await client(), "/login", login)).status == 303


async def test_the_last_administrator_stays(client: SignIn, owner: Any, cast: Cast) -> None:
    ana, me = await client(cast.ana_admin), cast.ana_admin
    told = await owner.fetchval("select count(*) from campana.audit")
    refused = await edit(ana, me, role="STAFF")
    assert (refused.status, 'id="role-error"' in refused.text) == (409, True)
    assert (await send(ana, f"/admin/people/{me.id}/deactivate")).status == 409
    off = await send(ana, "/admin/roles/ADMIN", {"was": '{"administers": true}'})
    assert off.status == 409
    assert (await look(ana, "/admin")).status == 200
    assert await owner.fetchval("select count(*) from campana.audit") == told

    await edit(ana, cast.rosa_colleague, role="ADMIN")
    assert (await edit(ana, me, role="STAFF")).location == "/login", "now another one is there"


async def test_two_administrators_who_leave_at_once_leave_one(
    db: Database, owner: Any, cast: Cast
) -> None:
    ana, rosa = cast.ana_admin, cast.rosa_colleague
    for _ in range(5):
        for one in (ana, rosa):
            await users.activate(db, one.tenant_id, one.id, actor="test")
        await owner.execute("update campana.users set role = 'ADMIN' where id = $1", rosa.id)
        ends = [users.deactivate(db, one.tenant_id, one.id, actor="test") for one in (ana, rosa)]
        ended = await asyncio.gather(*ends, return_exceptions=True)
        assert sorted(type(one) for one in ended if one) == [Conflict]


async def _ends(stream: Any) -> bool:
    while not stream.content.at_eof() and stream.content.total_bytes > 0:
        if not stream.content.read_nowait():
            break
    return bool(stream.content.at_eof())
