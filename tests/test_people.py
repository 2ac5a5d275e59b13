"""Tenants, their people, and the demo that everybody starts with."""

from __future__ import annotations

import time

import asyncpg
import pytest

from campana import demo, installation, keys, sessions, tenants, users
from campana.db import Database
from campana.errors import Conflict, Invalid, NotFound, Unauthorized
from campana.keys import KeyIdentity
from campana.settings import Settings
from campana.users import Person
from tests.waiting import eventually

CONTRACT = """
salon admin@salon.demo ADMIN
salon ana@salon.demo PROFESSIONAL
salon luis@salon.demo PROFESSIONAL
salon recepcion@salon.demo RECEPTIONIST
crm ceo@crm.demo CEO
crm juan@crm.demo SELLER
crm maria@crm.demo SELLER
crm secretaria@crm.demo SECRETARY
pupuseria manager@pupuseria.demo MANAGER
pupuseria cocina@pupuseria.demo COOK
pupuseria mesero@pupuseria.demo WAITER
pupuseria cajero@pupuseria.demo CASHIER
tienda admin@tienda.demo ADMIN
tienda ventas@tienda.demo SALES
tienda bodega@tienda.demo WAREHOUSE
"""
ADMINISTERING = {"ADMIN", "CEO", "MANAGER"}


@pytest.fixture
async def empty(empty_dsn, roles):
    """A database where nobody lives yet."""
    async with await Database.open(empty_dsn, roles, pool_size=3) as db:
        yield db


async def sign_in(db, email, password="demo"):
    return await sessions.authenticate(db, email, password, "127.0.0.1")


async def test_the_demo_is_what_the_contract_says(empty):
    assert await demo.fill(empty)
    for line in CONTRACT.split("\n")[1:-1]:
        slug, email, role = line.split()
        assert await sign_in(empty, email)
        person = await keys.identify(empty, f"demo-{slug}", email)
        assert isinstance(person, Person)
        assert (person.tenant_slug, person.email, person.role) == (slug, email, role)
        assert person.administers is (role in ADMINISTERING)
        assert (person.locale, person.time_zone) == ("es", "America/El_Salvador")
    async with empty.bus() as bus:
        modules = {row["slug"]: set(row["modules"]) for row in await tenants.everyone(bus)}
        assert await bus.fetchval("select count(*) from campana.users") == 15
    assert modules == {
        "salon": {"calendar"},
        "crm": {"crm"},
        "pupuseria": {"pos"},
        "tienda": {"sales", "inventory"},
    }


async def test_the_demo_leaves_a_database_alone_where_somebody_lives(empty):
    async with empty.bus() as bus:
        await tenants.found(bus, "ours", "Ours", roles={"BOSS": True})
    assert not await demo.fill(empty)
    async with empty.bus() as bus:
        assert [row["slug"] for row in await tenants.everyone(bus)] == ["ours"]


async def test_ten_thousand_people_are_there_in_seconds(empty):
    started = time.monotonic()
    assert await demo.add_people(empty, 10_000) == 10_000
    assert time.monotonic() - started < 10
    assert await demo.add_people(empty, 10_000) == 0
    assert await demo.add_people(empty, 10_001) == 1
    first = await keys.identify(empty, "demo-carga", "u00001@carga.demo")
    tenth = await keys.identify(empty, "demo-carga", "u00010@carga.demo")
    last = await keys.identify(empty, "demo-carga", "u10001@carga.demo")
    assert isinstance(first, Person)
    assert (first.role, first.administers) == ("STAFF", False)
    assert isinstance(tenth, Person)
    assert (tenth.role, tenth.administers) == ("ADMIN", True)
    assert isinstance(last, Person)
    assert await sign_in(empty, "u00001@carga.demo")
    with pytest.raises(Invalid):
        await demo.add_people(empty, 0)


async def test_an_email_is_one_persons_in_the_whole_installation(db, cast):
    async with db.bus() as bus:
        with pytest.raises(Conflict):
            await users.add(
                bus,
                cast.sur,
                email="ANA@norte.test",
                name="Ana",
                role="STAFF",
                password_hash=None,
                actor="test",
            )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-address"),
        ("email", "a b@c.d"),
        ("email", "a" * 250 + "@b.cd"),
        ("name", ""),
        ("name", "x" * 121),
        ("role", "NOBODY"),
        ("branch", "Nowhere"),
    ],
)
async def test_a_new_person_is_checked_field_by_field(db, cast, owner, field, value):
    given = {"email": "new@norte.test", "name": "New", "role": "STAFF", "branch": None}
    async with db.bus() as bus:
        with pytest.raises(Invalid) as refusal:
            await users.add(
                bus, cast.norte, **{**given, field: value}, password_hash=None, actor="test"
            )
    assert refusal.value.field == field
    assert not await owner.fetchval("select count(*) from campana.users where name = 'New'")


async def test_somebody_without_a_password_cannot_sign_in(db, cast):
    async with db.bus() as bus:
        await users.add(
            bus,
            cast.norte,
            email="new@norte.test",
            name="New",
            role="STAFF",
            password_hash=None,
            actor="test",
        )
    for password in ("", "demo", "None"):
        with pytest.raises(Unauthorized):
            await sign_in(db, "new@norte.test", password)


async def test_a_changed_password_is_the_only_one(db, cast):
    luis = cast.luis_colleague
    await users.change_password(db, luis.tenant_id, luis.id, "ñandú 🐦", actor=luis.email)
    assert await sign_in(db, luis.email, "ñandú 🐦")
    with pytest.raises(Unauthorized):
        await sign_in(db, luis.email, "demo")


async def test_the_last_administrator_stays(db, cast):
    ana, luis = cast.ana_admin, cast.luis_colleague
    with pytest.raises(Conflict):
        await users.deactivate(db, ana.tenant_id, ana.id, actor=ana.email)
    with pytest.raises(Conflict):
        await users.change_role(db, ana.tenant_id, ana.id, "STAFF", actor=ana.email)
    await users.change_role(db, luis.tenant_id, luis.id, "ADMIN", actor=ana.email)
    await users.deactivate(db, ana.tenant_id, ana.id, actor=luis.email)


async def test_nobody_changes_people_of_another_tenant(db, cast):
    luis = cast.luis_colleague
    with pytest.raises(NotFound):
        await users.deactivate(db, cast.sur, luis.id, actor="eva@sur.test")
    with pytest.raises(NotFound):
        await users.change_role(db, cast.sur, luis.id, "ADMIN", actor="eva@sur.test")
    with pytest.raises(Invalid):
        await users.change_role(db, cast.norte, luis.id, "CEO", actor="ana@norte.test")
    assert await sign_in(db, luis.email)


async def test_a_tenant_needs_a_name_and_somebody_to_administer_it(db):
    async with db.bus() as bus:
        with pytest.raises(Conflict):
            await tenants.found(bus, "norte", "Norte", roles={"ADMIN": True})
        for slug, roles in (("Sí", {"A": True}), ("ok", {"A": False}), ("ok", {"admin": True})):
            with pytest.raises(Invalid):
                await tenants.found(bus, slug, "Name", roles=roles)
        with pytest.raises(NotFound):
            await tenants.find(bus, "nowhere")


async def test_a_request_sees_no_secret_of_other_tenants(db, cast):
    async with db.tenant(cast.sur) as tx:
        emails = [row["email"] for row in await tx.fetch("select email from campana.users")]
        assert sorted(emails) == ["eva@sur.test", "leo@sur.test"]
        assert await tx.fetchval("select count(*) from campana.api_key") == 1
    async with db.anonymous() as connection:
        assert await connection.fetchval("select count(*) from campana.users") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from campana.sign_in_attempt")


async def test_with_one_database_role_people_still_sign_in(server, empty_dsn, cast):
    """Where the login may not create roles, it plays all parts."""
    owner = await asyncpg.connect(empty_dsn)
    await owner.execute("create role campana_alone login password 'alone'")
    await owner.execute("create database campana_alone owner campana_alone")
    dsn = server.dsn_for("campana_alone", "alone", "campana_alone")
    try:
        db = await installation.ready(dsn, Settings(database_url=dsn, demo=True, pool_size=3))
        async with db:
            assert db.roles.one_role
            await demo.fill(db)
            account = await sign_in(db, "ana@salon.demo")
            assert account.user_id
            assert isinstance(await keys.identify(db, "demo-salon"), KeyIdentity)
    finally:
        await owner.execute("drop database campana_alone with (force)")
        await owner.execute("drop role campana_alone")
        await owner.close()


async def test_streams_end_with_the_right_to_them(live_app, client, cast, db):
    """Sign-out ends the streams of that session, a new role all of that person, at once."""
    phone, laptop = await client(cast.luis_colleague), await client(cast.luis_colleague)
    rosa = await client(cast.rosa_colleague)
    streams = [await browser.get("/api/stream") for browser in (phone, laptop, rosa)]
    for stream in streams:
        assert await stream.content.readuntil(b"event: hello")

    await phone.post("/logout")
    await eventually(lambda: _is_over(streams[0]))
    assert not await _is_over(streams[1])

    luis = cast.luis_colleague
    await users.change_role(db, luis.tenant_id, luis.id, "COOK", actor="ana@norte.test")
    await eventually(lambda: _is_over(streams[1]))
    assert not await _is_over(streams[2])


async def _is_over(stream):
    while not stream.content.at_eof() and stream.content.total_bytes > 0:
        if not stream.content.read_nowait():
            break
    return stream.content.at_eof()
