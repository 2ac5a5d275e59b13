"""Settings of a tenant, and the audit of whatever administrators change."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from campana import audit
from campana.db import Database
from campana.preferences import layers
from tests.cast import USUAL_ALERTS, Cast
from tests.conftest import Browser, SignIn
from tests.handlers.admin import look, send, was

PATH = "/admin/settings"


async def save(browser: Browser, drawn: str | None = None, **changes: str) -> Any:
    """Opens the settings and sends them with these changes; drawn: as of an earlier look."""
    text = (await look(browser, PATH)).text
    now = json.loads(drawn or was(text))
    form = {name: str(value) for name, value in now.items() if value is not False}
    return await send(browser, PATH, form | {"was": drawn or was(text)} | changes)


async def test_settings_have_defaults_and_are_the_tenant_s_own(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    await owner.execute(USUAL_ALERTS)
    ana, eva = await client(cast.ana_admin), await client(cast.eva_stranger)
    now = json.loads(was((await look(ana, PATH)).text))
    assert (now["retention_days"], now["keep_unread"], now["most_latency"]) == (7, True, 100)
    changes = {"retention_days": "30", "keep_unread": "", "time_zone": "Europe/Madrid"}
    assert (await save(ana, **changes)).location == f"{PATH}?done=saved"
    assert 'role="status"' in (await look(ana, f"{PATH}?done=saved")).text
    assert json.loads(was((await look(eva, PATH)).text))["retention_days"] == 7
    detail = await owner.fetchval("select detail from campana.audit order by id desc limit 1")
    assert json.loads(detail)["after"] == {
        "time_zone": "Europe/Madrid",
        "retention_days": 30,
        "keep_unread": False,
    }
    people = await look(ana, "/notifications")
    assert 'data-time-zone="Europe/Madrid"' in people.text, "who chose none has the tenant's"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "posixrules"),
        ("locale", "fr"),
        ("retention_days", "0"),
        ("retention_days", "1e9"),
        ("retention_days", ""),
        ("most_errors", "101"),
        ("most_connections", "-5"),
        ("hot_lead_score", "0.8"),
        ("slow_response", "99999999999999999999"),
    ],
)
async def test_what_does_not_fit_is_said_at_its_field(
    client: SignIn, cast: Cast, field: str, value: str
) -> None:
    refused = await save(await client(cast.ana_admin), **{field: value})
    assert refused.status == 422
    assert f'id="{field}-error"' in refused.text
    assert f"{field}-error" in str(re.findall(r'aria-describedby="([^"]*)"', refused.text))


async def test_two_who_change_settings_at_once_lose_nothing(client: SignIn, cast: Cast) -> None:
    ana = await client(cast.ana_admin)
    drawn = was((await look(ana, PATH)).text)
    await save(ana, retention_days="30", most_errors="7")
    assert (await save(ana, drawn, most_latency="250")).status == 303, "other fields: all are kept"
    now = json.loads(was((await look(ana, PATH)).text))
    assert (now["retention_days"], now["most_errors"], now["most_latency"]) == (30, 7, 250)

    refused = await save(ana, drawn, retention_days="90")
    assert refused.status == 409
    assert 'name="retention_days" type="text" value="90"' in refused.text, "mine"
    assert re.search(r'id="retention_days-theirs".*?<strong>30<', refused.text, re.DOTALL), "theirs"
    assert 'name="most_errors" type="text" value="7"' in refused.text, "not what I was drawn with"
    assert (await save(ana, was(refused.text), retention_days="90")).status == 303


QUIET = [
    ("quiet", "true"),
    ("quiet_from", "21:30"),
    ("quiet_to", "06:00"),
    *[("day", str(1 << place)) for place in range(5)],
    ("min_priority", "medium"),
]


async def test_quiet_hours_of_the_tenant_hold_for_who_chose_nothing(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    ana, path = await client(cast.ana_admin), "/admin/attention"
    drawn = was((await look(ana, path)).text)
    assert (await send(ana, path, [*QUIET, ("was", drawn)])).status == 303
    async with db.tenant(cast.norte) as tx:
        said = (await layers.read(tx, cast.norte)).attention[layers.TENANT]
    assert (str(said.quiet.start), said.work_days) == ("21:30:00", 0b11111)
    assert (said.min_priority, said.urgent_breaks_through) == ("medium", False)
    action, actor = await owner.fetchrow(
        "select action, actor from campana.audit order by id desc limit 1"
    )
    assert (action, actor) == ("layer.attention", cast.ana_admin.email)

    other = dict(QUIET) | {"quiet_from": "23:00", "was": drawn}
    refused = await send(ana, path, other)
    assert refused.status == 409
    assert "<strong>21:30<" in refused.text, "theirs"
    assert 'value="23:00"' in refused.text, "mine"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quiet_to", "21:30"),
        ("quiet_from", "25:00"),
        ("quiet_from", "9"),
        ("day", "128"),
        ("min_priority", "none"),
    ],
)
async def test_quiet_hours_that_cannot_be_are_said_at_their_field(
    client: SignIn, cast: Cast, field: str, value: str
) -> None:
    form = [pair for pair in QUIET if pair[0] != field] + [(field, value)]
    refused = await send(await client(cast.ana_admin), "/admin/attention", form)
    assert refused.status == 422
    assert f'id="{"work_days" if field == "day" else field}-error"' in refused.text


async def test_the_audit_is_found_by_words_person_action_and_day(
    client: SignIn, cast: Cast
) -> None:
    ana = await client(cast.ana_admin)
    await save(ana, name="Comercial Ñandú")

    async def count(query: str) -> int:
        return (await look(ana, f"/admin/audit?{query}")).text.count('class="card audit-row"')

    assert await count("q=nandu") == 1
    assert await count("action=settings.change") == 1
    assert await count(f"actor={cast.ana_admin.email}") == 1
    assert await count("action=user.add&q=rosa") == 1
    assert await count("q=eva@sur.test") == 0, "another tenant's"
    assert await count("until=2020-01-01") == 0
    assert await count("since=2020-01-01&q=nandu") == 1
    for wrong in ("since=yesterday", "before=0", "until=9999-12-31", f"q={'x' * 121}"):
        assert (await look(ana, f"/admin/audit?{wrong}")).status == 422, wrong


async def test_the_audit_is_walked_through_and_exported_whole(
    client: SignIn, db: Database, cast: Cast
) -> None:
    evil = '=cmd|" /C calc"!A0'
    async with db.tenant(cast.norte) as tx:
        for number in range(1200):
            await audit.record(tx, cast.norte, evil, "type.add", type=f"own:t{number}")
    ana = await client(cast.ana_admin)
    seen: list[str] = []
    path = "/admin/audit?action=type.add"
    while path:
        text = (await look(ana, path)).text
        seen += re.findall(r'id="audit_(\d+)"', text)
        more = re.search(r'href="(/admin/audit\?[^"]*before=[^"]*)"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == 1200

    export = "/admin/audit/export?action=type.add&format="
    rows = list(csv.DictReader(io.StringIO((await look(ana, f"{export}csv")).text)))
    assert [row["id"] for row in rows] == seen
    assert rows[0]["actor"] == f"'{evil}", "no spreadsheet computes it"
    lines = (await look(ana, f"{export}jsonl")).text.splitlines()
    assert [str(json.loads(line)["id"]) for line in lines] == seen
    assert json.loads(lines[0])["actor"] == evil
    assert (await look(ana, f"{export}xlsx")).status == 422
