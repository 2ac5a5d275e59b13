"""Two walls around a tenant: every query names it, and row-level security enforces it.

Everything here holds with roles of our own and in one-role mode, where a login without any rights
over roles plays all parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from campana import cluster, inbox_list, installation, publish, search, users
from campana.db import Database
from campana.settings import Settings
from tests import cast as casting
from tests.cast import Cast, Member, person
from tests.conftest import signed_in
from tests.corridor.conftest import publish_event
from tests.post import post
from tests.waiting import eventually

LOGIN = "campana_test_one_role"
PASSWORD = "a password of tests"

# Rows of these belong to no tenant; a new table either has tenant_id or is thought about here.
TENANTLESS = {
    "builtin_type",
    "dispatcher",
    "installation",
    "migration",
    "process",  # which processes there are is no tenant's secret; who is connected to them is
    "role_mapping",
    "sign_in_attempt",
    "tenant",
}
# What runs with more rights than its caller has. Each finds by a secret or a token's issuer,
# or refuses other tenants.
DEFINERS = {
    "accept_invitation",
    "announcements",
    "begin_sign_in",
    "cancel_event",
    "check_epoch",
    "close_session",
    "correct_announcement",
    "discard",
    "erase_person",
    "events_saying",
    "extend_session",
    "find_invitation",
    "find_token_issuers",
    "forget_old_sign_ins",
    "key_identity",
    "open_session",
    "publish_event",
    "publish_plainly",
    "session_person",
    "try_again",
    "withdraw_after_loss",
    "withdraw_after_move",
    "withdraw_announcement",
}
PLAIN = {"type": "sale:created", "audience": "all"}
DENIED = (asyncpg.InsufficientPrivilegeError,)


@dataclass(frozen=True)
class House:
    """A database with two tenants that both have rows in every table.

    owner sees everything, through every wall. tenants: tables with tenant_id.
    """

    db: Database
    cast: Cast
    owner: Any
    dsn: str
    tables: list[str]
    one_role: bool

    async def count(self, connection: Any, table: str, tenant_id: UUID | None = None) -> int | None:
        """Rows seen there; None: not even that may be asked."""
        which = f"where tenant_id = '{tenant_id}'" if tenant_id else ""
        try:
            async with connection.transaction():
                found: int = await connection.fetchval(
                    f"select count(*) from campana.{table} {which}"
                )
                return found
        except DENIED:
            return None


@pytest.fixture(params=["roles of our own", "one role"])
async def house(
    request: pytest.FixtureRequest, server: cluster.Server, dsn: str, cast: Cast, db: Database
) -> AsyncIterator[House]:
    if request.param == "roles of our own":
        async with _furnished(db, cast, dsn, dsn, one_role=False) as house:
            yield house
        return
    async with _one_role(server, dsn) as (own_dsn, admin_dsn):
        settings = Settings(database_url=own_dsn, pool_size=3)
        async with await installation.ready(own_dsn, settings) as own:
            assert own.roles.one_role
            people = await casting.enter(own)
            async with _furnished(own, people, own_dsn, admin_dsn, one_role=True) as house:
                yield house


@asynccontextmanager
async def _one_role(server: cluster.Server, dsn: str) -> AsyncIterator[tuple[str, str]]:
    """A database of a login that may do nothing outside it: its own and the administrator's way."""
    name = f"one_role_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(dsn)
    with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        await admin.execute(f"create role {LOGIN} login password '{PASSWORD}'")
    await admin.execute(f"create database {name} owner {LOGIN}")
    try:
        admin_dsn = server.dsn_for(cluster.OWNER, server.secret("password"), name)
        yield server.dsn_for(LOGIN, PASSWORD, name), admin_dsn
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@asynccontextmanager
async def _furnished(
    db: Database, cast: Cast, dsn: str, admin_dsn: str, *, one_role: bool
) -> AsyncIterator[House]:
    owner = await asyncpg.connect(admin_dsn)
    for tenant, member in (("norte", cast.luis_colleague), ("sur", cast.leo_stranger)):
        await post(db, {"dedupe_key": "one"}, {"expires_at": "2100-01-01T00:00:00Z"}, tenant=tenant)
        await publish_event(
            owner, tenant=tenant, deliver_at=await owner.fetchval("select now() + '1 day'")
        )
        await signed_in(db, member)
        await search.keep_words(db)
    for tenant, member in (("norte", cast.luis_colleague), ("sur", cast.leo_stranger)):
        await publish_event(owner, tenant=tenant)  # nobody dispatches it any more
        for table, columns, values in _rows_of(member):
            await owner.execute(
                f"insert into campana.{table} (tenant_id, {columns})"
                f" values ('{member.tenant_id}', {values}) on conflict do nothing"
            )
    tables = [
        row["relname"]
        for row in await owner.fetch(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where c.relnamespace = 'campana'::regnamespace and c.relkind in ('r', 'p')"
            " and a.attname = 'tenant_id' and not a.attisdropped order by 1"
        )
    ]
    yield House(db, cast, owner, dsn, tables, one_role)
    await owner.close()


def _rows_of(member: Member) -> list[tuple[str, str, str]]:
    """Table, columns, values: what no verb has written, so that there is something everywhere."""
    one, who = f"'{uuid4()}'", f"'{member.id}'"
    return [
        ("branch", "id, name", "campana.uuid7(), 'Sede'"),
        ("topic_subscription", "topic, user_id", f"'t', {who}"),
        ("tenant_type", "name", "'own:type'"),
        ("poison", "event_id, type, reason, body", "campana.uuid7(), 'x', 'y', '{}'"),
        ("role_preference", "role, type, value", "'STAFF', 'sale:paid', 1"),
        ("user_preference", "user_id, type, value, chosen", f"{who}, 'x:y', 1, 1"),
        ("idempotency", "key, digest", "'k', ''"),
        (
            "token_issuer",
            "id, issuer, audience, keys",
            f"campana.uuid7(), 'https://login.test', {one}, '{{}}'",
        ),
        ("visit", "user_id, page, seq", f"{who}, 'sales', 1"),
        ("sale_counter", "last", "1"),
        (
            "sale",
            "id, number, customer, total, currency, source, created_by",
            f"{one}, 1, 'Marta', 12.5, 'USD', 'staff', {who}",
        ),
        ("sale_item", "sale_id, position, product, quantity, price", f"{one}, 1, 'Café', 1, 12.5"),
        (
            "announcement",
            "id, words, audience, priority, people",
            f"{one}, '{{}}', 'all', 'low', 2",
        ),
        (
            "policy_change",
            "id, role, applies_to, actor, before, after, people",
            f"{one}, '', 'new', 'Ana', '{{}}', '{{}}', 2",
        ),
        (
            "policy_choice",
            "change_id, user_id, type, bits, value, chosen, kept",
            f"{one}, {who}, 'sale:created', 1, 1, 1, 0",
        ),
        ("erasure", "user_id", who),
        (
            "invitation",
            "user_id, token_hash, expires_at",
            f"{who}, {one}::text::bytea, now() + interval '1 day'",
        ),
        ("user_mute", "user_id, subject", f"{who}, 'sale:1'"),
        ("user_settings", "user_id", who),
        ("tenant_preference", "type, value, chosen", "'sale:created', 1, 1"),
        ("tenant_attention", "min_priority", "'low'"),
        ("role_attention", "role, min_priority", "'STAFF', 'low'"),
        ("alert", "kind, value, bound", "'latency', 200, 100"),
        ("statistic", "span, at", "'hour', now()"),
        ("statistic_of_type", "at, type", "now(), 'sale:created'"),
        (
            "connection",
            "id, process_id, user_id, kind, credential, address, agent, since",
            f"{one}, {one}, {who}, 'html', 'session', '', '', now()",
        ),
        ("client_event", "user_id, ends_at, used, is_over", f"{who}, now(), 1, false"),
        ("publishing", "publisher, ends_at, used, portion", "'', now(), 1, 1"),
        ("kept_event", "event_id", one),
        ("unsearched", "event_id", one),
        ("retention", "stage", "'done'"),
    ]


async def test_every_table_of_tenants_is_walled(house: House) -> None:
    rows = await house.owner.fetch(
        "select relname, relrowsecurity and relforcerowsecurity as walled,"
        " relowner::regrole::text as owner from pg_class"
        " where relnamespace = 'campana'::regnamespace and relkind in ('r', 'p')"
    )
    assert {row["relname"] for row in rows} - set(house.tables) == TENANTLESS
    assert len(house.tables) > 20
    for row in rows:
        assert row["walled"] or row["relname"] in TENANTLESS - {"tenant"}, row["relname"]
        assert house.one_role or row["owner"] not in house.db.roles.names, row["relname"]

    web = house.db.roles.web
    policies = await house.owner.fetch(
        "select tablename, cmd, permissive, qual, with_check from pg_policies"
        " where schemaname = 'campana' and policyname = 'tenant' and $1 = any (roles)",
        web,
    )
    own = "(tenant_id = ( SELECT current_tenant() AS current_tenant))"
    for policy in policies:
        expected = own.replace("tenant_id", "id", 1) if policy["tablename"] == "tenant" else own
        rules = [policy[rule].replace("campana.", "") for rule in ("qual", "with_check")]
        assert rules == [expected, expected], policy["tablename"]
        assert (policy["cmd"], policy["permissive"]) == ("ALL", "PERMISSIVE")
    assert {policy["tablename"] for policy in policies} == {*house.tables, "tenant"}

    others = await house.owner.fetch(
        "select tablename, policyname, qual, with_check from pg_policies"
        " where schemaname = 'campana' and policyname <> 'tenant'"
        " and ($1 = any (roles) or 'public' = any (roles))",
        web,
    )
    if not house.one_role:
        assert others == [], "nothing else lets requests in"
    for policy in others:
        for rule in (policy["qual"], policy["with_check"]):
            assert "app.bus" in rule
            assert "pg_temp" in rule


async def test_a_query_without_a_tenant_finds_nothing(house: House) -> None:
    async with house.db.anonymous() as connection:
        for table in (*house.tables, "tenant"):
            assert not await house.count(connection, table), table
    for table in house.tables:
        for tenant in (house.cast.norte, house.cast.sur):
            assert await house.count(house.owner, table, tenant), f"{table}: nothing to be found"


async def test_a_tenant_sees_its_own_rows_and_no_others(house: House) -> None:
    seen = 0
    async with house.db.tenant(house.cast.norte) as tx:
        for table in house.tables:
            mine = await house.count(tx, table)
            if mine is None:
                continue  # not even its own: only functions come here
            assert mine == await house.count(house.owner, table, house.cast.norte), table
            assert await house.count(tx, table, house.cast.sur) in (0, None), table
            seen += mine > 0
        assert [r["slug"] for r in await tx.fetch("select slug from campana.tenant")] == ["norte"]
    assert seen >= 30


async def test_nothing_of_another_tenant_can_be_changed_or_planted(house: House) -> None:
    async def truth() -> dict[str, str]:
        return {
            table: await house.owner.fetchval(
                f"select coalesce(md5(string_agg(t::text, '|' order by t::text)), '')"
                f" from campana.{table} t where tenant_id = $1",
                house.cast.sur,
            )
            for table in house.tables
        }

    async def changed(tx: Any, statement: str) -> int:
        try:
            async with tx.transaction():
                return int((await tx.execute(statement)).split()[-1])
        except (*DENIED, asyncpg.ForeignKeyViolationError, asyncpg.UniqueViolationError):
            return 0

    before = await truth()
    theirs = f"where tenant_id = '{house.cast.sur}'"
    for table in house.tables:
        async with house.db.tenant(house.cast.norte) as tx:
            for statement in (
                f"update campana.{table} set tenant_id = tenant_id {theirs}",
                f"delete from campana.{table} {theirs}",
                f"update campana.{table} set tenant_id = '{house.cast.sur}'",
            ):
                assert await changed(tx, statement) == 0, statement
    assert await truth() == before


async def test_a_row_planted_for_another_tenant_is_refused(house: House) -> None:
    planted = "insert into campana.audit (tenant_id, actor, action) values ($1, 'a', 'b')"
    async with house.db.tenant(house.cast.norte) as tx:
        await tx.execute(planted, house.cast.norte)
        with pytest.raises(DENIED):
            async with tx.transaction():
                await tx.execute(planted, house.cast.sur)


async def test_words_are_found_in_the_own_tenant_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_list, "NEAR_SPAN", 1)  # the index is asked, where there is one
    await post(house.db, {"title": "Tesoro"}, {}, {}, tenant="sur")
    await search.keep_words(house.db)
    for member, count in ((house.cast.eva_stranger, 1), (house.cast.ana_admin, 0)):
        async with house.db.tenant(member.tenant_id, member.id) as tx:
            found = await inbox_list.page(tx, person(member), inbox_list.Filter(text="tesor"))
        assert found.total == count


async def test_functions_of_ours_do_not_reach_over_the_wall(house: House) -> None:
    """They run with the caller's rights, or are on the list of those that check by themselves."""
    definers = await house.owner.fetch(
        "select proname from pg_proc where prosecdef"
        " and pronamespace in ('campana'::regnamespace, 'public'::regnamespace)"
    )
    assert {row["proname"] for row in definers} == DEFINERS

    sur, eva = house.cast.sur, house.cast.eva_stranger.id
    async with house.db.bus() as bus:
        everybody = await bus.fetch("select * from campana.audience_members($1, '[\"all\"]')", sur)
        assert len(everybody) == 2
    theirs = await house.owner.fetchval(
        "select id from campana.inbox where user_id = $1 limit 1", eva
    )
    async with house.db.tenant(house.cast.norte) as tx:
        assert await tx.fetch("select * from campana.audience_members($1, '[\"all\"]')", sur) == []
        assert await tx.fetchval("select campana.find_user($1, 'eva@sur.test')", sur) is None
        assert await tx.fetch("select * from campana.people() where tenant_id = $1", sur) == []
        with pytest.raises(asyncpg.PostgresError) as refused:
            async with tx.transaction():
                await tx.execute(
                    "select campana.read_notifications($1, $2, array[$3::uuid])", sur, eva, theirs
                )
        assert refused.value.sqlstate == "CA009"
        assert (
            await tx.fetchrow(
                "select * from campana.read_all_notifications($1, $2, null)", sur, eva
            )
        )["changed"] == 0
    unread = "select unread from campana.inbox_head where user_id = $1"
    assert await house.owner.fetchval(unread, eva) == 2


async def test_requests_publish_for_their_own_tenant_only(house: House) -> None:
    later = await house.owner.fetchval(
        "select event_id from campana.scheduled where tenant_id = $1", house.cast.sur
    )
    async with house.db.tenant(house.cast.norte) as tx:
        assert await publish_event(tx, tenant="norte")
        assert await publish_event(tx, tenant=str(house.cast.norte))
        for foreign in ("sur", str(house.cast.sur), "nowhere", str(uuid4())):
            with pytest.raises(asyncpg.PostgresError) as refused:
                async with tx.transaction():
                    await publish_event(tx, tenant=foreign)
            assert refused.value.sqlstate == "CA007", foreign
            with pytest.raises(asyncpg.PostgresError) as refused:
                async with tx.transaction():
                    await publish.cancel(tx, foreign, later)
            assert refused.value.sqlstate == "CA007", foreign
            plainly = "select campana.publish_plainly($1, $2)"
            assert await tx.fetchval(plainly, foreign, [PLAIN]) is None
            [outcome] = await publish.publish_many(tx, foreign, [PLAIN])
            assert (outcome.id, outcome.code) == (None, "CA007"), foreign
        assert (await publish.publish_many(tx, "norte", [PLAIN]))[0].id
        with pytest.raises(DENIED):
            async with tx.transaction():
                await tx.execute(
                    "insert into campana.outbox (tenant_id, event_id, type, lasting, audience,"
                    " rule, data, priority, variant, published_at) values ($1, campana.uuid7(),"
                    " 'sale:created', true, 'all', '[\"all\"]', '{}', 'low', 'info', now())",
                    house.cast.sur,
                )
    async with house.db.anonymous() as connection:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await publish_event(connection, tenant="sur")
        assert refused.value.sqlstate == "CA007"
    assert await house.owner.fetchval("select count(*) from campana.scheduled") == 2


# -- pooled connections


@pytest.fixture
async def narrow(house: House) -> AsyncIterator[Database]:
    """The house through pools of one connection each: whoever comes next gets the same one."""
    async with await Database.open(house.dsn, house.db.roles, pool_size=1) as db:
        yield db


async def is_clean(house: House, db: Database) -> None:
    async with db.anonymous() as connection:
        assert (
            await connection.fetchval("select coalesce(current_setting('app.tenant_id', true), '')")
            == ""
        )
        assert (
            await connection.fetchval("select coalesce(current_setting('app.user_id', true), '')")
            == ""
        )
        assert (
            await connection.fetchval("select coalesce(current_setting('app.bus', true), '')") == ""
        )
        assert await connection.fetchval("select current_user") == house.db.roles.web
        assert await connection.fetchval("show search_path") == "campana, public"
        assert not connection.is_in_transaction()
        for table in ("users", "inbox", "event"):
            assert await house.count(connection, table) == 0
    async with db.tenant(house.cast.sur) as tx:
        assert await house.count(tx, "users") == 2


async def test_a_pooled_connection_keeps_nothing_of_its_last_user(
    house: House, narrow: Database
) -> None:
    async with narrow.tenant(house.cast.norte, house.cast.ana_admin.id) as tx:
        first = tx.get_server_pid()
        assert await house.count(tx, "users") == 5
    await is_clean(house, narrow)
    async with narrow.anonymous() as connection:
        assert connection.get_server_pid() == first, "it is the same connection"


STRAYS = (
    "select set_config('app.tenant_id', '{norte}', false)",
    "set app.tenant_id = '{norte}'",
    "set app.bus = 'on'",
    "set app.web = 'off'",
    "set role {bus}",
    "set role none",
    "set session role {bus}",
    "set search_path = campana, pg_temp",
    "begin; set local app.tenant_id = '{norte}'",
    "begin; set app.tenant_id = '{norte}'; select 1/0",
    "set row_security = off",
)


async def test_strays_do_not_outlive_their_user(house: House, narrow: Database) -> None:
    for stray in STRAYS:
        statement = stray.format(norte=house.cast.norte, bus=house.db.roles.bus)
        async with narrow.anonymous() as connection:
            with suppress(asyncpg.PostgresError):
                await connection.execute(statement)
        await is_clean(house, narrow)


async def test_a_connection_whose_user_was_cancelled_in_mid_query_is_clean(
    house: House, narrow: Database
) -> None:
    entered = asyncio.Event()

    async def request() -> None:
        async with narrow.tenant(house.cast.norte) as tx:
            entered.set()
            await tx.execute("select set_config('app.user_id', 'x', false), pg_sleep(60)")

    async def is_asleep() -> bool:
        return bool(
            await house.owner.fetchval(
                "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
                " and datname = current_database()"
            )
        )

    for _ in range(3):
        waiting = asyncio.create_task(request())
        await entered.wait()
        await eventually(is_asleep)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await is_clean(house, narrow)
        entered.clear()


async def test_requests_of_two_tenants_through_one_connection_never_mix(
    house: House, narrow: Database
) -> None:
    """Half of them are cancelled at some point; whoever sees rows sees only its own."""

    async def request(tenant_id: UUID, people: int) -> None:
        async with narrow.tenant(tenant_id) as tx:
            rows = await tx.fetch("select tenant_id from campana.users")
            assert {row["tenant_id"] for row in rows} == {tenant_id}
            assert len(rows) == people

    tasks = [
        asyncio.create_task(request(*who))
        for _ in range(60)
        for who in ((house.cast.norte, 5), (house.cast.sur, 2))
    ]
    for number, task in enumerate(tasks):
        if number % 2 == number // 2 % 2:
            for _ in range(number % 7):
                await asyncio.sleep(0)
            task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert not [one for one in outcomes if one and not isinstance(one, asyncio.CancelledError)]
    assert outcomes.count(None) > 20
    await is_clean(house, narrow)


# -- the publisher's login


@pytest.fixture
async def publisher(server: cluster.Server, dsn: str, owner: Any) -> AsyncIterator[Any]:
    """Connected as campana_publisher."""
    await owner.execute(f"alter role campana_publisher login password '{PASSWORD}'")
    database = await owner.fetchval("select current_database()")
    connection = await asyncpg.connect(server.dsn_for("campana_publisher", PASSWORD, database))
    yield connection
    await connection.close()


async def test_the_publisher_publishes_for_every_tenant(
    publisher: Any, db: Database, cast: Cast, owner: Any
) -> None:
    for tenant in ("norte", "sur"):
        assert await publish_event(publisher, tenant=tenant)
    later = await publish_event(
        publisher, tenant="sur", deliver_at=await owner.fetchval("select now() + '1 day'")
    )
    await publisher.execute("select cancel_event('sur', $1)", later)
    assert await owner.fetchval("select count(*) from campana.outbox") == 2


async def test_the_publisher_can_do_nothing_else(publisher: Any, owner: Any, cast: Cast) -> None:
    for row in await owner.fetch(
        "select c.oid::regclass::text as name from pg_class c"
        " where c.relnamespace in ('campana'::regnamespace, 'public'::regnamespace)"
        " and c.relkind in ('r', 'p', 'v', 'm', 'S')"
    ):
        for right in ("select", "insert", "update", "delete", "truncate"):
            if row["name"].endswith("_seq") and right not in ("select", "update"):
                continue
            assert not await owner.fetchval(
                "select has_table_privilege('campana_publisher', $1, $2)", row["name"], right
            ), (row["name"], right)
    for statement in (
        "select * from campana.tenant",
        "select * from campana.outbox",
        "select campana.current_tenant()",
        "select campana.check_epoch()",
        "create table public.mine ()",
        "create schema mine",
        "set role campana_bus",
        "set role campana_web",
        "set role campana",
        "set session authorization campana",
        "select pg_read_file('postmaster.pid')",
        "copy (select 1) to program 'true'",
    ):
        with pytest.raises(DENIED):
            await publisher.execute(statement)
    callable_ = await owner.fetch(
        "select p.proname from pg_proc p"
        " where p.pronamespace in ('campana'::regnamespace, 'public'::regnamespace)"
        " and has_function_privilege('campana_publisher', p.oid, 'execute')"
        " and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
    )
    assert {row["proname"] for row in callable_} == {"publish_event", "cancel_event"}
    assert not await owner.fetchval(
        "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"
        " from pg_roles where rolname = 'campana_publisher'"
    )


async def test_the_publisher_cannot_pretend_to_be_somebody(
    publisher: Any, owner: Any, cast: Cast
) -> None:
    await publisher.execute("set app.bus = 'on'")
    await publisher.execute(f"set app.tenant_id = '{cast.norte}'")
    with pytest.raises(DENIED):
        await publisher.fetch("select * from campana.users")
    with pytest.raises(asyncpg.PostgresError) as refused:
        await publish_event(publisher, tenant="sur")
    assert refused.value.sqlstate == "CA007", "who says it is bound to a tenant, is"


async def test_people_who_administer_one_tenant_are_nobody_in_another(house: House) -> None:
    with pytest.raises(Exception, match="no such user"):
        await users.deactivate(house.db, house.cast.norte, house.cast.eva_stranger.id, actor="ana")
    active = "select active from campana.users where id = $1"
    assert await house.owner.fetchval(active, house.cast.eva_stranger.id)
