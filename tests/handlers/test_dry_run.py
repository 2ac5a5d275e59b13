"""Publishing as if: whom it would reach, what would be refused, and nothing happens."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.post import post

SALE = {"type": "sale:created", "audience": "role:ADMIN"}


@pytest.fixture
async def foresee(client, cast):
    browser = await client()

    async def foresee(body, **headers):
        answer = await browser.post(
            "/api/events?dry_run=1",
            json=body,
            headers={"X-API-Key": cast.norte_publish_key, **headers},
        )
        return answer.status, await answer.json()

    return foresee


async def happened(owner):
    return await owner.fetchval(
        "select (select count(*) from campana.outbox) + (select count(*) from campana.scheduled)"
        " + (select count(*) from campana.dedupe) + (select count(*) from campana.idempotency)"
    )


async def test_it_says_how_many_and_names_the_first(foresee, owner) -> None:
    status, told = await foresee({**SALE, "audience": "all & !role:COOK"})
    assert (status, told) == (
        200,
        {
            "recipients": 3,
            "names": ["Ana Admin", "Luis Colega", "Rosa Colega"],
            "isRepeated": False,
        },
    )
    assert await happened(owner) == 0


async def test_the_actor_and_whoever_left_do_not_count(foresee, cast) -> None:
    for actor, names in (
        ({}, ["Luis Colega", "Rosa Colega"]),
        ({"actor": cast.luis_colleague.email}, ["Rosa Colega"]),
    ):
        told = (await foresee({**SALE, "audience": "role:STAFF", **actor}))[1]
        assert (told["recipients"], told["names"]) == (len(names), names)


async def test_only_who_may_see_the_subject_is_counted(foresee) -> None:
    told = (await foresee([{**SALE, "audience": "all", "subject": s} for s in ("sale:7", "n:7")]))[
        1
    ]
    assert [one["names"] for one in told["events"]] == [
        ["Ana Admin"],
        ["Ana Admin", "Carlos Cocina", "Luis Colega", "Rosa Colega"],
    ]


async def test_an_array_is_told_in_its_order(foresee, owner) -> None:
    status, told = await foresee(
        [
            {**SALE, "deliverAt": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
            {**SALE, "audience": 'branch:"Puerto"', "dedupeKey": "once"},
            {**SALE, "audience": 'branch:"Puerto"', "dedupeKey": "once"},
            {**SALE, "audience": "topic:nobody"},
        ],
        **{"Idempotency-Key": "k"},
    )
    assert status == 200
    assert [(e["recipients"], e["isRepeated"]) for e in told["events"]] == [
        (1, False),
        (1, False),
        (0, True),
        (0, False),
    ]
    assert await happened(owner) == 0


async def test_a_type_that_says_whom_it_is_for_is_counted_so(foresee, owner, cast) -> None:
    await owner.execute(
        "insert into campana.tenant_type (tenant_id, name, audience)"
        " values ($1, 'rota:changed', 'role:COOK')",
        cast.norte,
    )
    status, told = await foresee({"type": "rota:changed"})
    assert (status, told["names"]) == (200, ["Carlos Cocina"])


async def test_a_key_that_is_taken_is_said(foresee, db) -> None:
    await post(db, {**SALE, "dedupe_key": "sale:7"})
    status, told = await foresee({**SALE, "dedupeKey": "sale:7"})
    assert (status, told["isRepeated"], told["recipients"]) == (200, True, 0)


async def test_what_would_be_refused_is_refused(foresee, owner) -> None:
    status, told = await foresee([SALE, {**SALE, "audience": "user:eva@sur.test"}, SALE])
    assert status == 422
    assert [(e["index"], e["code"]) for e in told["errors"]] == [(1, "unknown_recipient")]
    status, told = await foresee({**SALE, "url": "javascript:alert(1)"})
    assert (status, told["errors"][0]["field"]) == (422, "url")
    assert await happened(owner) == 0


async def test_ten_thousand_people_are_counted_at_once(db, owner, cast) -> None:
    await owner.execute(
        "insert into campana.users (tenant_id, id, email, name, role)"
        " select $1, campana.uuid7(), 'u' || n || '@norte.test', 'U ' || n, 'STAFF'"
        " from generate_series(1, 10000) n",
        cast.norte,
    )
    async with db.tenant(cast.norte) as tx:
        found = []
        for _ in range(5):
            started = time.perf_counter()
            row = await tx.fetchrow(
                "select * from campana.audience_count($1, 'role:STAFF & !branch:\"Centro\"')",
                cast.norte,
            )
            found.append(time.perf_counter() - started)
    assert (row["people"], row["names"][:1]) == (10_001, ["Rosa Colega"])
    print(f"audience_count of 10,000: {sorted(found)[2] * 1000:.0f} ms")
    assert min(found) < 0.5, "100 ms on a machine that does nothing else"


@pytest.mark.parametrize("query", ["dry_run", "dryRun=1", "dry-run=1", "DRY_RUN=1", "dry_run=x"])
async def test_who_asks_for_it_in_other_words_rings_no_bell(client, cast, owner, query) -> None:
    answer = await (await client()).post(
        f"/api/events?{query}", json=SALE, headers={"X-API-Key": cast.norte_publish_key}
    )
    told = await answer.json()
    assert (answer.status, told["errors"][0]["field"]) == (422, query.partition("=")[0])
    assert await happened(owner) == 0
