"""The doctor finds what is wrong with an installation, and says what to do."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from typing import Any

import pytest

from campana.cluster import Server
from campana.commands.publisher import with_login
from campana.corridor import Corridor
from campana.db import Database
from campana.doctor import Finding, examine
from campana.installation import ready
from campana.settings import Settings
from tests.pgbouncer import pooled
from tests.post import post
from tests.waiting import eventually

PASSWORD = "a password of tests"


async def findings(dsn: str, **changes: Any) -> dict[str, Finding]:
    found = await examine(Settings(database_url=dsn, pool_size=3, **changes))
    assert all(finding.advice for finding in found if finding.state != "ok")
    return {finding.check: finding for finding in found}


def states(found: dict[str, Finding], state: str) -> set[str]:
    return {check for check, finding in found.items() if finding.state == state}


# The server of the tests forgives itself what a real one must not.
FAST = {"durability"}


async def test_all_is_well_while_a_server_runs(dsn: str, corridor: Corridor) -> None:
    await eventually(lambda: corridor.listener.connected)
    found = await findings(dsn)
    assert states(found, "fail") == set()
    assert states(found, "warn") == FAST
    assert len(found) >= 15
    assert "a server dispatches" in found["events"].says


async def test_a_second_bus_that_is_not_used_yet_is_worth_a_word(dsn: str) -> None:
    assert "second bus" not in await findings(dsn)
    found = await findings(dsn, redis_url="redis://127.0.0.1:1")
    assert found["second bus"].state == "warn"
    assert "not used yet" in found["second bus"].says


async def test_a_database_that_was_never_migrated_is_said(server: Server, owner: Any) -> None:
    await owner.execute("create database bare")
    try:
        found = await findings(server.dsn_for("campana", server.secret("password"), "bare"))
    finally:
        await owner.execute("drop database bare with (force)")
    assert states(found, "fail") == {"schema"}
    assert found["schema"].advice == "run python main.py migrate"


async def test_a_login_that_may_only_publish_is_told_to_name_the_owner(
    dsn: str, owner: Any
) -> None:
    await owner.execute(f"create role narrow login password '{PASSWORD}' in role campana_publisher")
    narrow = with_login(dsn, "narrow", PASSWORD)
    try:
        found = await findings(narrow)
        code, _, said = await main_py("tenant", "list", DATABASE_URL=narrow)
    finally:
        await owner.execute("drop role narrow")
    assert states(found, "fail") == {"schema"}
    advice = "let DATABASE_URL name the login that migrates"
    assert advice in found["schema"].advice
    assert (code, advice in said) == (1, True)


async def test_a_database_that_does_not_answer_is_one_finding(dsn: str) -> None:
    found = await findings("postgresql://x:y@127.0.0.1:1/x")
    assert states(found, "fail") == {"database"}
    found = await findings(dsn.replace("campana:", "campana:wrong"))
    assert "password authentication failed" in found["database"].says


async def test_a_hole_in_the_walls_is_found(dsn: str, owner: Any) -> None:
    await owner.execute("alter table campana.inbox no force row level security")
    await owner.execute("grant usage on schema campana to campana_publisher")
    found = await findings(dsn)
    assert found["row security"].says == "not forced on inbox"
    assert "may do more than publish" in found["publisher"].says
    await owner.execute("alter table campana.inbox force row level security")
    await owner.execute("create policy oops on campana.users to campana_web using (true)")
    found = await findings(dsn)
    assert found["row security"].says == "a request without a tenant sees people"


async def test_rights_that_were_taken_are_found_and_migrate_gives_them_again(
    dsn: str, owner: Any
) -> None:
    await owner.execute("revoke select on campana.inbox from campana_web")
    await owner.execute("revoke insert, update on campana.event from campana_bus")
    await owner.execute("revoke execute on function campana.uuid7() from campana_web")
    await owner.execute("alter table campana.inbox no force row level security")
    found = await findings(dsn)
    assert found["rights"].says == "campana_bus may not insert event, and 3 more"
    assert {"rights", "row security"} <= states(found, "fail")
    mended, again = [await main_py("migrate", DATABASE_URL=dsn) for _ in range(2)]
    assert "functions and rights: replaced" in mended[1]
    assert states(await findings(dsn), "fail") == set()
    assert "functions and rights: as they should be" in again[1]


async def test_a_role_above_row_security_is_found(dsn: str, owner: Any) -> None:
    await owner.execute("alter role campana_web bypassrls")
    try:
        found = await findings(dsn)
    finally:
        await owner.execute("alter role campana_web nobypassrls")
    assert found["row security"].advice.endswith("alter role campana_web nosuperuser nobypassrls")


async def test_one_role_for_all_parts_is_worth_a_word(server: Server, owner: Any) -> None:
    await owner.execute(f"create role modest login password '{PASSWORD}'")
    await owner.execute("create database modest owner modest")
    try:
        modest = server.dsn_for("modest", PASSWORD, "modest")
        await (await ready(modest, Settings(database_url=modest))).close()
        found = await findings(modest)
    finally:
        await owner.execute("drop database modest with (force)")
        await owner.execute("drop role modest")
    assert states(found, "fail") == set()
    assert {"roles", "publisher"} <= states(found, "warn")
    assert "alter role modest createrole" in found["roles"].advice


async def test_events_that_nobody_dispatches_are_found(dsn: str, db: Database, owner: Any) -> None:
    await owner.execute(
        "select publish_event(tenant => 'norte', type => 'sale:created', audience => 'all')"
    )
    found = await findings(dsn)
    assert found["events"].says == "1 waiting, and nobody dispatches"
    await post(db)
    await owner.execute(
        "insert into campana.poison (tenant_id, event_id, type, reason, body)"
        " select id, gen_random_uuid(), 'x:y', 'why', '{}' from campana.tenant limit 1"
    )
    assert "1 failed three times" in (await findings(dsn))["events"].says


async def test_a_host_with_few_files_or_a_wrong_clock_is_found(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    monkeypatch.setattr("campana.doctor.server.time.time", lambda: 0.0)
    found = await findings(dsn)
    assert "about 924 streams" in found["open files"].says
    assert found["clocks"].state == "fail"


async def test_a_transaction_pooler_is_recognised(dsn: str) -> None:
    async with pooled(dsn, "transaction") as through:
        found = await findings(through)
        assert {"pooler", "listen", "prepared statements"} <= states(found, "fail")
        assert "CAMPANA_LISTEN_URL" in found["listen"].advice
        assert "act as campana" in found["roles arrive"].says
        assert "sees people" in found["row security"].says
        helped = await findings(through, listen_url=dsn)
        assert helped["listen"].state == "ok"


async def test_a_session_pooler_is_none_of_these(dsn: str) -> None:
    async with pooled(dsn, "session", lenient=False) as through:
        found = await findings(through)
    assert {"pooler", "listen", "prepared statements"} <= states(found, "ok")
    assert "unsupported startup parameter" in found["roles arrive"].says


@pytest.mark.parametrize("mode", ["transaction", "session"])
@pytest.mark.parametrize("lenient", [True, False])
async def test_nothing_is_served_through_a_pooler_and_one_line_says_what_to_do(
    dsn: str, mode: str, lenient: bool
) -> None:
    async with pooled(dsn, mode, lenient=lenient) as through:
        ends = await asyncio.gather(
            *[main_py(command, DATABASE_URL=through) for command in ("serve", "migrate")]
        )
    for code, _, said in ends:
        (line,) = [line for line in said.splitlines() if not line.startswith("{")]
        assert code == 1
        assert line.startswith("campana: DATABASE_URL goes through a pooler that loses")
        assert "let it lead to PostgreSQL itself" in line
        assert "NOTE" not in line, "what asyncpg tells programmers"


async def test_the_command_ends_with_1_when_something_fails(dsn: str) -> None:
    for url, code in ((dsn, 0), ("postgresql://x:y@127.0.0.1:1/x", 1)):
        ended, out, _ = await main_py("doctor", "--json", DATABASE_URL=url)
        assert ended == code
        assert json.loads(out)["ok"] is (code == 0)


async def main_py(*words: str, **environ: str) -> tuple[int | None, str, str]:
    """How a command in a process of its own ended, what it gave and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "main.py", *words),
        env={"PORT": "0", **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate()
    return process.returncode, out.decode(), said.decode()
