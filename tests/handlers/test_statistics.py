"""Statistics and alerts: counted as it happens, told once, and never by looking at history."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from campana import charts, tally
from campana.clock import Clock
from campana.tally import Tally
from handlers.app_keys import CORRIDOR, TALLY
from tests.cast import USUAL_ALERTS
from tests.corridor.conftest import http, listen, publish, site
from tests.handlers.admin import look
from tests.post import deliver
from tests.waiting import eventually

STATS = "/api/stats"
ALERTS = (
    "select e.data ->> 'alert' as alert, (e.data ->> 'value')::integer as value"
    " from campana.event e where e.type = 'system:alert' and e.tenant_id = $1 order by e.id"
)
NOW = timedelta()


async def test_what_happens_is_counted(live_app, listen, publish, client, owner, cast) -> None:
    luis = await listen(cast.luis_colleague)
    await listen(cast.rosa_colleague, last_id="x-1")
    await publish(title="one")
    await publish(title="two", audience="role:ADMIN")
    await publish(title="three", type="stock:low")
    await luis.hears("notification", title="three")
    counted = live_app[TALLY]
    await counted.write(NOW)
    said = await (await (await client(cast.ana_admin)).get(STATS)).json()
    assert (said["whole"]["events"], said["whole"]["notifications"]) == (3, 9)
    assert (said["whole"]["opened"], said["whole"]["reopened"]) == (2, 1)
    assert said["whole"]["p95"] is not None
    assert said["points"][-1]["events"] + said["points"][-2]["events"] == 3
    assert {one["type"]: one["notifications"] for one in said["types"]} == {
        "sale:created": 5,
        "stock:low": 4,
    }
    assert said["mostUnread"][0] == {
        "userId": str(cast.ana_admin.id),
        "name": cast.ana_admin.name,
        "unread": 3,
    }
    spans = await owner.fetch(
        "select span, sum(events) from campana.statistic where tenant_id = $1 group by 1",
        cast.norte,
    )
    assert dict(spans) == {"minute": 3, "hour": 3}
    assert not await owner.fetchval(
        "select sum(events) from campana.statistic where tenant_id = $1", cast.sur
    )


@pytest.mark.settings(stream_lifetime_seconds=1)
async def test_programs_that_we_ended_were_not_cut(live_app, listen, owner, cast) -> None:
    ear = await listen(cast.luis_colleague)
    await ear.hears("bye", reason="lifetime")
    counted, told = live_app[TALLY], live_app[CORRIDOR].roster

    async def is_even():
        await told.tell()
        await counted.write(NOW)
        return await owner.fetchval(
            "select sum(reopened) = -1 from campana.statistic where span = 'hour'"
        )

    await eventually(is_even)
    counted.opened(cast.norte, again=True)
    await counted.write(NOW)
    assert await owner.fetchval("select reopened from campana.statistic where span = 'hour'") == 0


async def test_what_could_not_be_written_is_written_next_time(db, cast, owner, monkeypatch) -> None:
    counted = Tally(db)
    counted.answered(cast.norte, failed=True)
    with monkeypatch.context() as patch:
        patch.setattr(tally, "_rows", lambda cells: iter([{"tenant_id": "nonsense"}]))
        with pytest.raises(Exception, match="uuid"):
            await counted.write(NOW)
    counted.answered(cast.norte, failed=False)
    await counted.write(NOW)
    await counted.write(NOW)
    rows = await owner.fetch("select requests, errors from campana.statistic where span = 'hour'")
    assert [tuple(row) for row in rows] == [(2, 1)]


async def test_bounds_are_the_same_in_sql(owner) -> None:
    assert await owner.fetchval("select campana.latency_bounds()") == list(tally.BOUNDS)


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [([0, 0, 10], 0.5, 8), ([9, 0, 1], 0.95, 8), ([0] * 18 + [1], 0.5, 60000), ([0, 0], 0.5, None)],
)
async def test_percentiles_lie_between_their_bounds(owner, counts, share, expected) -> None:
    found = await owner.fetchval("select campana.latency_of($1::integer[], $2)", counts, share)
    assert found == expected


@pytest.fixture
async def happened(owner, cast):
    """`await happened(requests=…, errors=…)`: in this minute, at norte. Alerts are on."""
    await owner.execute(USUAL_ALERTS)
    minute = await owner.fetchval("select date_trunc('minute', now())")

    async def happened(**counts):
        names = ", ".join(counts)
        values = ", ".join(str(value) for value in counts.values())
        await owner.execute(
            f"insert into campana.statistic (tenant_id, span, at, {names})"
            f" values ($1, 'minute', $2, {values})"
            f" on conflict (tenant_id, span, at) do update set ({names}) = row({values})",
            cast.norte,
            minute,
        )

    return happened


async def watch(db):
    async with db.bus() as bus, bus.transaction():
        return await bus.fetchval("select campana.watch()")


async def alerts(db, owner, tenant_id):
    await deliver(db)
    return [tuple(row) for row in await owner.fetch(ALERTS, tenant_id)]


async def test_an_alert_is_raised_once_per_crossing(db, owner, cast, happened) -> None:
    await happened(requests=100, errors=6)
    assert [await watch(db) for _ in range(3)] == [1, 0, 0]
    assert await alerts(db, owner, cast.norte) == [("errors", 6)]
    assert await alerts(db, owner, cast.sur) == []
    reached = await owner.fetch(
        "select user_id from campana.inbox where tenant_id = $1", cast.norte
    )
    assert [row["user_id"] for row in reached] == [cast.ana_admin.id]

    await happened(requests=100, errors=5)  # below the bound, above four fifths of it
    await watch(db)
    await happened(requests=100, errors=6)
    assert await watch(db) == 0
    await happened(requests=100, errors=3)
    assert await watch(db) == 0
    assert not await owner.fetchval("select exists (select from campana.alert)")
    await owner.execute(
        "update campana.dedupe set key = key || ' earlier' where key like 'alert:%'"
    )
    await happened(requests=100, errors=9)
    assert await watch(db) == 1
    assert await alerts(db, owner, cast.norte) == [("errors", 6), ("errors", 9)]


async def test_each_bound_is_the_tenants_own(db, owner, cast, happened) -> None:
    latency = "array[0,0,0,0,0,0,0,0,0,20]"
    await happened(events=20, latency=latency, opened=20, reopened=10, requests=10, errors=2)
    assert await watch(db) == 2, "two failed requests are no storm"
    assert {kind for kind, _value in await alerts(db, owner, cast.norte)} == {
        "latency",
        "reconnections",
    }
    await owner.execute("delete from campana.alert")
    await owner.execute(
        "update campana.tenant_settings set most_latency = 500, most_reconnections = 60"
    )
    assert await watch(db) == 0


async def test_too_many_connections_are_told(db, owner, cast) -> None:
    await owner.execute("update campana.tenant_settings set most_connections = 2")
    await owner.execute("insert into campana.process values (campana.uuid7(), 'p', now())")
    await owner.execute(
        "insert into campana.connection (tenant_id, id, process_id, user_id, kind, credential,"
        " address, agent, since)"
        " select $1, campana.uuid7(), p.id, $2, 'html', 'session', '', '', now()"
        " from campana.process p, generate_series(1, 3)",
        cast.norte,
        cast.ana_admin.id,
    )
    assert await watch(db) == 1
    assert await alerts(db, owner, cast.norte) == [("connections", 3)]
    most = "select connections from campana.statistic where tenant_id = $1 and span = 'hour'"
    assert await owner.fetchval(most, cast.norte) == 3


async def test_minutes_are_kept_for_two_days_and_hours_for_a_hundred(db, owner, cast) -> None:
    for span, days in (("minute", 1), ("minute", 3), ("hour", 99), ("hour", 101)):
        await owner.execute(
            "insert into campana.statistic (tenant_id, span, at)"
            " values ($1, $2, now() - $3 * interval '1 day')",
            cast.norte,
            span,
            days,
        )
    await Clock(db, lambda: None).forget_old()
    left = await owner.fetch(
        "select span, round(extract(epoch from now() - at) / 86400)::integer as days"
        " from campana.statistic order by 1, 2"
    )
    assert [tuple(row) for row in left] == [("hour", 99), ("minute", 1)]


async def test_the_page_draws_charts_with_tables_and_without_inline_style(
    client, cast, happened
) -> None:
    await happened(events=12, notifications=40, requests=10, errors=1)
    ana = await client(cast.ana_admin)
    for span in ("hour", "day", "month"):
        text = (await look(ana, f"/admin/statistics?span={span}")).text
        assert text.count("<svg viewBox") == text.count('class="chart-table"') == 6
        assert "style=" not in text
    assert "chart-bar" in (await look(ana, "/admin/statistics")).text
    assert (await ana.get("/admin/statistics?span=year")).status == 422


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (3, 5), (12, 20), (100, 100), (730, 1000)]
)
def test_axes_end_with_round_numbers(value, top) -> None:
    assert charts.round_up(value) == top
