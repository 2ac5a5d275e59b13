"""The badge is the truth, and so is what a client makes of its stream, whatever happens at once."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from campana import inbox
from tests.cast import person
from tests.corridor.conftest import inbox_of, publish_event, until_dispatched
from tests.waiting import eventually

EVENTS = 150
TURNS = 30
"""At least so many times does each of them do something, however soon all is published."""


@pytest.fixture
def storm(db, dsn, owner, cast):
    """`await storm(verbs)`: events for everybody while two people do this with their inboxes."""

    async def program(number: int, expiring: bool) -> None:
        connection = await asyncpg.connect(dsn)
        for turn in range(EVENTS // 3):
            more = {"collapse_key": f"k{turn % 5}"} if turn % 3 == 0 else {}
            if expiring and turn % 4 == 1:
                more["expires_at"] = datetime.now(UTC) + timedelta(seconds=0.7)
            await publish_event(connection, title=f"{number}.{turn}", **more)
        await connection.close()

    async def disturb(member, verbs, dice: random.Random, programs: asyncio.Future) -> None:
        who = person(member)
        for _ in itertools.takewhile(lambda n: n < TURNS or not programs.done(), itertools.count()):
            rows = await owner_rows(db, who)
            verb = dice.choice(verbs)
            if verb in (inbox.read_all, inbox.clear):
                what = dice.choice([None, dice.choice(rows)["seq"] if rows else None])
            else:
                what = [row["id"] for row in dice.sample(rows, min(len(rows), 4))]
            await inbox.apply(db, who, verb, what)

    async def storm(*verbs, expiring=False) -> None:
        programs = asyncio.gather(*[program(number, expiring) for number in range(3)])
        await asyncio.gather(
            programs,
            *[
                disturb(member, verbs, random.Random(number), programs)
                for number, member in enumerate(
                    (cast.ana_admin, cast.ana_admin, cast.luis_colleague)
                )
            ],
        )
        await until_dispatched(owner)

    return storm


async def owner_rows(db, who) -> list:
    async with db.tenant(who.tenant_id, who.id) as tx:
        return await tx.fetch("select id, seq from campana.inbox where user_id = $1", who.id)


async def test_the_badge_equals_the_truth_after_a_storm(storm, listen, owner, cast) -> None:
    people = (cast.ana_admin, cast.luis_colleague, cast.rosa_colleague)
    ears = {member: [await listen(member), await listen(member)] for member in people}
    await storm(
        *(inbox.read, inbox.unread, inbox.delete, inbox.restore, inbox.read_all, inbox.clear),
        expiring=True,
    )
    await eventually(lambda: _nothing_is_about_to_expire(owner))

    assert await owner.fetchval("select campana.unread_drift(100000)") == 0
    for member, both in ears.items():
        head = await owner.fetchrow(
            "select seq, unread, rev from campana.inbox_head where user_id = $1", member.id
        )
        truth = await owner.fetchval(
            "select count(*) from campana.inbox"
            " where user_id = $1 and state = 0 and read_at is null",
            member.id,
        )
        assert head["unread"] == truth
        for ear in both:
            shown = {"count": truth, "rev": head["rev"]}
            await eventually(lambda ear=ear, shown=shown: ear.named("unread")[-1].data == shown)
    rosa = ears[cast.rosa_colleague][0]
    assert len(rosa.notifications) > EVENTS // 2, "there was a storm"


async def _nothing_is_about_to_expire(owner) -> bool:
    return not await owner.fetchval("select exists (select from campana.expiring)")


async def test_what_a_client_knows_from_its_stream_is_what_the_database_says(
    storm, listen, owner, cast
) -> None:
    ears = [await listen(cast.ana_admin), await listen(cast.luis_colleague)]
    await storm(*[inbox.read] * 5, *[inbox.delete] * 2, inbox.read_all, inbox.clear)

    for member, ear in zip((cast.ana_admin, cast.luis_colleague), ears, strict=True):
        head = await owner.fetchval(
            "select rev from campana.inbox_head where user_id = $1", member.id
        )
        await eventually(lambda ear=ear, head=head: ear.named("unread")[-1].data["rev"] == head)
        read = {
            row["id"]
            for row in await owner.fetch(
                "select id from campana.inbox where user_id = $1 and read_at is not null", member.id
            )
        }
        truth = {
            str(row["id"]): (row["seq"], row["id"] in read) for row in await inbox_of(owner, member)
        }
        await eventually(lambda ear=ear, truth=truth: known_from(ear) == truth)
    heard = {message.name for ear in ears for message in ear.messages}
    assert {"read", "deleted"} <= heard


def known_from(ear) -> dict[str, tuple[int, bool]]:
    """What a client holds after all it heard: id → (seq, read)."""
    known: dict[str, tuple[int, bool]] = {}
    for message in ear.messages:
        data = message.data
        if message.name == "notification":
            known[data["id"]] = (data["seq"], data["isRead"])
        elif message.name in ("read", "deleted"):
            up_to, ids = data.get("upTo", 0), data.get("ids", ())
            touched = [i for i, (seq, _) in known.items() if i in ids or seq <= up_to]
            for i in touched:
                if message.name == "deleted":
                    del known[i]
                else:
                    known[i] = (known[i][0], True)
    return known
