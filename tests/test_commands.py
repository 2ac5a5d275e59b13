"""The command line, as somebody types it: results, remarks, exit codes, and never a traceback."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from campana import tokens
from campana.cluster import Server
from campana.commands.failures import exit_code
from campana.commands.program import all_commands
from campana.commands.publisher import with_login
from campana.commands.reference import PAGE, operations_page
from campana.db import Database
from campana.embedded import held
from campana.errors import Unauthorized
from campana.keys import KeyIdentity, identify
from campana.sessions import authenticate
from tests.cast import Cast
from tests.places import new_home

ROOT = Path(__file__).parent.parent
PUBLISH = (
    "select publish_event(tenant => 'tienda', type => 'sale:created', audience => 'role:ADMIN',"
    " title => 'Vendido')"
)
PASSWORD = "a password of tests"


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Typed = Callable[..., Awaitable[Said]]


async def campana(*words: str, stdin: str = "", **environ: Any) -> Said:
    """Type `main.py words…`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "main.py",
        *words,
        cwd=ROOT,
        env=_environment(environ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(stdin.encode())
    assert b"Traceback" not in err, err.decode()
    return Said(process.returncode or 0, out.decode().strip(), err.decode().strip())


async def good(*words: str, **environ: Any) -> str:
    """The result of a command that must succeed."""
    said = await campana(*words, **environ)
    assert said.code == 0, said
    return said.out


def _environment(environ: dict[str, Any]) -> dict[str, str]:
    ours = ("CAMPANA_", "DATABASE_URL", "HOST", "PORT", "COLUMNS")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return kept | {"COLUMNS": "200"} | {name: str(value) for name, value in environ.items()}


@pytest.fixture
def typed(dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """As `campana`, on this test's database and in this process: ten times as quick."""
    monkeypatch.setattr("campana.log.configure", lambda *_: None)
    monkeypatch.setenv("DATABASE_URL", dsn)

    async def run(*words: str, stdin: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = await asyncio.to_thread(exit_code, all_commands(), list(words))
        said = capsys.readouterr()
        return Said(code, said.out.strip(), said.err.strip())

    return run


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as path:
        yield path


async def test_a_fresh_home_needs_one_command(home: Path) -> None:
    early = await campana("tenant", "list", CAMPANA_HOME=home)
    assert (early.code, early.out) == (1, "")
    assert early.err == "campana: the database was never migrated: run python main.py migrate"
    assert await good("sql", "select 6 * 7 as answer", CAMPANA_HOME=home) == (
        "answer\n------\n    42"
    )
    assert not (home / "data" / "postmaster.pid").exists()
    alone = await campana("dsn", CAMPANA_HOME=home)
    assert alone.out.startswith("postgresql://campana_publisher:")
    assert "it stopped again: start main.py serve" in alone.err


async def test_the_printed_login_publishes_for_every_tenant_and_nothing_else(home: Path) -> None:
    with held(home):
        await good("demo", CAMPANA_HOME=home)
        said = await campana("dsn", CAMPANA_HOME=home)
        assert (said.code, said.err) == (0, "")
        publisher = await asyncpg.connect(said.out)
        owner = await asyncpg.connect(await good("dsn", "--owner", CAMPANA_HOME=home))
        try:
            published = await publisher.fetchval(PUBLISH)
            assert await owner.fetchval("select event_id from campana.outbox") == published
            tables = await owner.fetch("select tablename from pg_tables where schemaname='campana'")
            assert len(tables) > 20
            for row in tables:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await publisher.execute(f"select from campana.{row['tablename']}")
        finally:
            await publisher.close()
            await owner.close()


async def test_what_is_published_by_command_rings_at_once_and_a_new_epoch_is_told(
    dsn: str,
) -> None:
    environ = {"DATABASE_URL": dsn, "CAMPANA_PUBLISHER_PASSWORD": PASSWORD}
    async with served(**environ) as url, aiohttp.ClientSession() as browser:
        async with stream(browser, url) as messages:
            assert (await anext(messages))["event"] == "hello"
            event_id = await good(
                *("publish", "--tenant", "tienda", "--type", "stock:low", "--audience", "all"),
                *("--title=-5 %", "--data", '{"product": "café"}', "--priority", "high"),
                **environ,
            )
            bell = await message(messages, "notification")
            data = json.loads(bell["data"])
            assert (data["id"], data["title"], data["priority"]) == (event_id, "-5 %", "high")
            assert data["data"] == {"product": "café"}
            sold = (await good("sql", PUBLISH, **environ)).splitlines()[-1]
            second = await message(messages, "notification")
            assert json.loads(second["data"])["id"] == sold
            before = await good("epoch", "show", **environ)
            after = await good("epoch", "renew", **environ)
            assert after not in before
            assert json.loads((await message(messages, "bye"))["data"]) == {"reason": "epoch"}
        async with stream(browser, url, last_event_id=bell["id"]) as messages:
            assert (await anext(messages))["id"].startswith(f"{after}-")
            assert (await anext(messages))["event"] == "resync"


async def test_a_tenant_with_people_keys_and_types(typed: Typed, db: Database) -> None:
    async def do(*words: str, stdin: str = "") -> str:
        said = await typed(*words, stdin=stdin)
        assert said.code == 0, said
        return said.out

    tenant = ("--tenant", "luna")
    luna = await do(
        *("tenant", "add", "luna", "--name", "Café Luna", "--module", "sales"),
        *("--role", "CLERK", "--branch", "Norte"),
    )
    assert re.search(r"luna +Café Luna +sales", await do("tenant", "list"))

    clerk = (*tenant, "--role", "CLERK")
    eva = await do("user", "add", "eva@luna.test", "--name", "Eva", "--branch", "Norte", *clerk)
    user_id, made_up = eva.splitlines()
    account = await authenticate(db, "eva@luna.test", made_up, "127.0.0.1")
    assert (account.tenant_id, account.user_id) == (UUID(luna), UUID(user_id))
    await do("user", "password", "eva@luna.test", "--password-stdin", stdin="otra clave\n")
    assert await authenticate(db, "eva@luna.test", "otra clave", "127.0.0.1")
    await do("user", "role", "eva@luna.test", "ADMIN")
    await do("user", "add", "ivo@luna.test", "--name", "Ivo", "--no-password", *clerk)
    await do("user", "deactivate", "ivo@luna.test")
    people = (await do("user", "list", *tenant)).splitlines()[2:]
    assert sorted(row.split()[:4] for row in people) == [
        ["eva@luna.test", "Eva", "ADMIN", "yes"],
        ["ivo@luna.test", "Ivo", "CLERK", "no"],
    ]

    key = await do("key", "add", "--name", "web", "--scope", "publish", *tenant)
    identity = await identify(db, key)
    assert isinstance(identity, KeyIdentity)
    assert (identity.tenant_id, identity.scopes) == (UUID(luna), frozenset({"publish"}))
    assert key[:11] in await do("key", "list", *tenant)
    assert key not in await do("key", "list", *tenant)
    leaked = await do("key", "add", "--name", "shop", "--scope", "publish", *tenant)
    for gone, typed_as in ((key, key[:11]), (leaked, leaked)):
        await do("key", "revoke", typed_as, *tenant)
        with pytest.raises(Unauthorized):
            await identify(db, gone)

    await do("type", "add", "card:sold", "--priority", "low", *tenant)
    assert re.search(r"card:sold +yes +low +info +no", await do("type", "list", *tenant))
    await do("publish", "--type", "card:sold", "--audience", "role:ADMIN", *tenant)
    await do("type", "retire", "card:sold", *tenant)
    assert "card:sold" not in await do("type", "list", *tenant)
    said = await typed("type", "add", "card:lost", "--title-en", "{total:euro}", *tenant)
    assert (said.code, "unknown format" in said.err) == (1, True)

    assert "0 notifications" in await do("purge", "--dry-run", *tenant)
    assert "luna: 0 notifications and 0 events gone" in await do("purge", *tenant)

    exported = await do("user", "export", "ivo@luna.test")
    pieces = [json.loads(line) for line in exported.splitlines()]
    assert pieces[0]["name"] == "Ivo"
    assert (await typed("user", "erase", "ivo@luna.test")).code == 1, "not without --yes"
    assert "erased" in await do("user", "erase", "ivo@luna.test", "--yes")
    assert "ivo@luna.test" not in await do("user", "list", *tenant)
    assert (await typed("user", "erase", "eva@luna.test", "--yes")).code == 1, "the last one"


async def test_an_issuer_of_tokens_comes_changes_keys_and_goes(
    typed: Typed, db: Database, cast: Cast, tmp_path: Path
) -> None:
    async def do(*words: str) -> str:
        said = await typed(*words, "--tenant", "norte")
        assert said.code == 0, said
        return said.out

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    for file, key in zip((old, new), keys, strict=True):
        file.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    issuer, audience = "https://login.test", "campana"
    claims = {"iss": issuer, "aud": audience, "iat": time(), "exp": time() + 60}
    token = jwt.encode({**claims, "email": cast.ana_admin.email}, keys[1], "ES256")

    named = ("--issuer", issuer, "--audience", audience)
    issuer_id = await do("issuer", "add", *named, "--keys", str(old))
    with pytest.raises(Unauthorized):
        await tokens.identify(db, token)
    await do("issuer", "keys", issuer, "--keys", str(old), "--keys", str(new))
    assert (await tokens.identify(db, token)).id == cast.ana_admin.id
    assert re.search(
        rf"{issuer} +campana +ES256, ES256 +email .* {issuer_id}", await do("issuer", "list")
    )
    await do("issuer", "revoke", issuer_id)
    with pytest.raises(Unauthorized):
        await tokens.identify(db, token)


EVENT = ("publish", "--tenant", "norte", "--type", "sale:created", "--audience")
ISSUER = ("issuer", "add", "--tenant", "norte", "--issuer", "x", "--audience", "y", "--keys")
TYPE = ("type", "add", "cake:baked", "--tenant", "norte")
KEY = ("key", "add", "--tenant", "norte", "--name", "x", "--scope")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((*EVENT, "role:NADIE"), 'This tenant has no role "NADIE".'),
        ((*EVENT, "all", "--data", "{"), "--data is no JSON"),
        ((*EVENT, "all", "--data", r'{"a": "\u0000"}'), "unsupported Unicode escape"),
        ((*EVENT, "all", "--url", "javascript:x"), "The link is neither http(s) nor a path"),
        ((*KEY, "everything"), "Scopes are publish, read, impersonate."),
        (("key", "revoke", "ck_no", "--tenant", "norte"), "0 living keys are called 'ck_no'"),
        ((*ISSUER, "nowhere.pem"), "nowhere.pem: No such file"),
        ((*ISSUER, "pyproject.toml"), "This is neither JWKS nor PEM."),
        (("issuer", "revoke", "x", "--tenant", "norte"), "0 living issuers are called 'x'"),
        (("tenant", "add", "norte", "--name", "Otro"), "There is a tenant 'norte' already."),
        (("tenant", "add", "sol", "--name", "S", "--time-zone", "Mars"), "no time zone 'Mars'"),
        (("user", "list", "--tenant", "este"), "There is no tenant 'este'."),
        (("user", "role", "eva@sur.test", "BOSS"), "This tenant has no role 'BOSS'."),
        (("user", "deactivate", "eva@sur.test"), "Nobody else administers this tenant."),
        (("user", "activate", "nobody@x"), "Nobody here uses the e-mail 'nobody@x'."),
        (("type", "add", "stock:low", "--tenant", "norte"), "'stock:low' is built in"),
        (("type", "add", "Sold", "--tenant", "norte"), "A type is written like card:sold"),
        ((*TYPE, "--icon", "cake"), "--icon: Choose one of these. Icons: bell, calendar,"),
        ((*TYPE, "--title-en", "{a"), "--title-en: A brace is left over"),
        ((*EVENT, "all", "--deliver-at", "0001-01-01"), "--deliver-at lies at the end"),
        ((*EVENT, "all", "--expires-at", "9999-12-31T23:00:00-12:00"), "--expires-at lies at"),
        (("sql", "select 1"), "set CAMPANA_PUBLISHER_PASSWORD"),
        (("demo", "--people", "0"), "Between 1 and 1,000,000 people"),
    ],
)
async def test_one_line_says_what_is_wrong(typed: Typed, words: tuple[str, ...], line: str) -> None:
    said = await typed(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("campana: ")
    assert line in said.err
    assert "\n" not in said.err


@pytest.mark.parametrize(
    ("words", "environ", "line"),
    [
        (("nonsense",), {}, 'Unknown command "nonsense".'),
        (("publish", "--tenant", "x"), {}, "--type requires an argument"),
        ((*EVENT, "all", "--deliver-at", "soon"), {}, 'unable to convert "soon"'),
        ((*EVENT, "all", "--colour", "red"), {}, "Unknown option: --colour"),
        ((*EVENT, "all", "--title", "\udcff"), {}, "what you typed is not UTF-8"),
        (("tenant", "list"), {"PORT": "many"}, "PORT=many: input should be a valid integer"),
        (("demo",), {"HOST": "0.0.0.0"}, "CAMPANA_DEMO=1 with HOST=0.0.0.0"),
    ],
)
async def test_wrong_words_and_settings_end_with_2(
    typed: Typed,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    environ: dict[str, str],
    line: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    said = await typed(*words)
    assert (said.code, said.out) == (2, "")
    assert line in said.err
    assert "\n" not in said.err


async def test_a_statement_that_fails_says_why(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_PUBLISHER_PASSWORD", PASSWORD)
    for statement, line in {
        "select * from campana.users": "campana: permission denied for schema campana",
        "select 1; select 2": "campana: one statement at a time, please",
        PUBLISH.replace("ADMIN", "NADIE"): (
            'campana: This tenant has no role "NADIE".'
            " Roles are written in capitals, for example role:ADMIN."
        ),
    }.items():
        assert await typed("sql", statement) == Said(1, "", line)
    answer = await typed("sql", "--json", """select '{"a": [1]}'::jsonb as j""")
    assert json.loads(answer.out) == [{"j": {"a": [1]}}]
    for far in ("date '4713-01-01 BC'", "timestamptz '20000-01-01'"):
        said = await typed("sql", f"select {far}")
        assert (said.code, "cast it, as in x::text" in said.err) == (1, True), far
        assert (await typed("sql", f"select ({far})::text")).code == 0


async def test_a_database_that_is_not_there_is_said_in_one_line() -> None:
    said = await campana("serve", DATABASE_URL="postgresql://x:secret@127.0.0.1:1/x")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("campana: the database does not answer: ")
    assert "\n" not in said.err
    assert "secret" not in said.err


async def test_where_roles_cannot_be_made_the_login_prints_itself_and_warns(
    server: Server, owner: Any, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await owner.execute(f"create role humble login password '{PASSWORD}'")
    await owner.execute("create database humble owner humble")
    try:
        humble = server.dsn_for("humble", PASSWORD, "humble")
        monkeypatch.setenv("DATABASE_URL", humble)
        done = await typed("migrate")
        assert (done.code, done.out.splitlines()[-1]) == (0, "roles: one, humble")
        assert "the login humble plays all parts" in done.err
        said = await typed("dsn")
        assert (said.code, said.out) == (0, humble)
        assert "this is humble itself, which owns the tables" in said.err
    finally:
        await owner.execute("drop database if exists humble with (force)")
        await owner.execute("drop role if exists humble")


def test_the_page_of_operations_lists_every_command_and_setting() -> None:
    assert PAGE.read_text() == operations_page(), "run: python -m campana.commands.reference"


def test_only_the_login_of_an_address_is_replaced() -> None:
    for before, after in {
        "postgresql://me:pw@db:5433/bell": "postgresql://p%40x:s%2Fw@db:5433/bell",
        "postgres://a:1,[::1]:2/b?target_session_attrs=any&user=me&password=pw": (
            "postgres://p%40x:s%2Fw@a:1,[::1]:2/b?target_session_attrs=any"
        ),
        "postgresql:///bell?host=/run/pg": "postgresql://p%40x:s%2Fw@/bell?host=/run/pg",
    }.items():
        assert with_login(before, "p@x", "s/w") == after


@asynccontextmanager
async def served(**environ: Any) -> AsyncIterator[str]:
    """A server in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "main.py", "serve"),
        cwd=ROOT,
        env=_environment({**environ, "PORT": 0}),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        while True:
            line = await asyncio.wait_for(process.stderr.readline(), 60)
            assert line, "the server ended"
            if (told := json.loads(line))["event"] == "serving":
                break
        reading = asyncio.create_task(process.stderr.read())
        yield told["url"]
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert b"Traceback" not in await reading


@asynccontextmanager
async def stream(
    browser: aiohttp.ClientSession, url: str, last_event_id: str = ""
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """The messages of tienda's administrator."""
    headers = {"X-API-Key": "demo-tienda", "Last-Event-ID": last_event_id}
    where = f"{url}/api/stream?user=admin@tienda.demo"
    async with browser.get(where, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        yield _messages(answer)


async def _messages(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    found: dict[str, str] = {}
    async for raw in answer.content:
        name, _, value = raw.decode().rstrip("\n").partition(": ")
        if name:
            found[name] = value
        elif "event" in found:
            yield found
            found = {}


async def message(messages: AsyncIterator[dict[str, str]], name: str) -> dict[str, str]:
    async with asyncio.timeout(30):
        async for found in messages:
            if found["event"] == name:
                return found
    raise AssertionError(f"the stream ended without {name}")
