"""Preferences in the fan-out: the SQL gives everybody what the policy says of each."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from campana.channels import DEFAULT, EMAIL, INBOX
from campana.preferences.attention import Attention, Personal, Quiet
from campana.preferences.policy import PRIORITIES, Layers, Masks, Occasion, decide
from tests.corridor.conftest import inbox_of, publish_event, until_dispatched

TYPE = "sale:created"
SUBJECTS = ("sale:7", "note:7")
"""What a business keeps for its administrators, and what nobody keeps."""
ROLES = ("ADMIN", "STAFF", "COOK")
PEOPLE = ("ana@norte.test", "luis@norte.test", "rosa@norte.test", "carlos@norte.test")
ZONES = (
    *("America/El_Salvador", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe"),
    *("Asia/Kathmandu", "Pacific/Kiritimati", "America/Santiago", "Asia/Kolkata", "UTC"),
)
# Around the days on which clocks jump in the zones above, and any other day.
JUMPS = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25")

masks = st.integers(0, 31)
# Mostly not about the inbox: without it nothing else matters.
some = st.one_of(masks, *[masks.map(lambda mask: mask & ~INBOX)] * 3)
layer_masks = st.builds(Masks, masks, some, some)
# Few clocks, so that many events come on the dot.
clocks = st.builds(dt.time, st.sampled_from((0, 2, 3, 8, 22)), st.sampled_from((0, 30)))
hours = st.builds(Quiet, clocks, clocks).filter(lambda quiet: quiet.start != quiet.end)
attention = {
    "min_priority": st.sampled_from((None, None, *PRIORITIES)),
    "quiet": st.one_of(st.sampled_from((None, False)), hours, hours),
    "work_days": st.sampled_from((None, None, 31, 127)) | st.integers(1, 127),
    "urgent_breaks_through": st.none() | st.booleans(),
}
days = st.one_of(
    st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)),
    st.builds(
        lambda day, later: dt.date.fromisoformat(day) + dt.timedelta(days=later),
        st.sampled_from(JUMPS),
        st.integers(-1, 1),
    ),
)


@st.composite
def worlds(draw: Any) -> dict[str, Any]:
    """Everything that may be said by anybody, and one event."""
    zone = draw(st.sampled_from(ZONES))
    local = dt.datetime.combine(draw(days), draw(clocks), ZoneInfo(zone))
    moment = local.astimezone(dt.UTC)
    pauses = st.none() | st.sampled_from((moment, moment + dt.timedelta(seconds=1)))
    personal = st.builds(Personal, switched_off=some, paused_until=pauses, **attention)
    return {
        "moment": moment,
        "priority": draw(st.sampled_from(PRIORITIES)),
        "default": draw(some.map(lambda mask: mask ^ INBOX)),
        "tenant": draw(st.none() | layer_masks),
        "roles": draw(st.dictionaries(st.sampled_from(ROLES), layer_masks)),
        "people": draw(st.dictionaries(st.sampled_from(PEOPLE), st.builds(Masks, masks, some))),
        "tenant_attention": draw(st.none() | st.builds(Attention, **attention)),
        "role_attention": draw(
            st.dictionaries(st.sampled_from(ROLES), st.builds(Attention, **attention))
        ),
        "personal": draw(st.dictionaries(st.sampled_from(PEOPLE), personal)),
        "zones": draw(st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(ZONES))),
        "zone": zone,
        "muted_by": draw(st.sets(st.sampled_from(PEOPLE))),
        "actor": draw(st.none() | st.sampled_from(PEOPLE)),
        "subject": draw(st.sampled_from(SUBJECTS)),
    }


def policy_says(world: dict[str, Any], email: str, role: str) -> int:
    """The channels of one person, by the pure function."""
    layers = Layers(
        default=world["default"],
        tenant=world["tenant"] or Masks(),
        role=world["roles"].get(role, Masks()),
        person=world["people"].get(email, Masks()),
        tenant_attention=world["tenant_attention"] or Attention(),
        role_attention=world["role_attention"].get(role, Attention()),
        personal=world["personal"].get(email, Personal()),
        time_zone=world["zones"].get(email, world["zone"]),
    )
    occasion = Occasion(
        moment=world["moment"],
        priority=world["priority"],
        is_actor=world["actor"] == email,
        sees=role == "ADMIN" or not world["subject"].startswith("sale:"),
        muted=email in world["muted_by"],
    )
    return decide(layers, occasion).channels


async def enter(owner: Any, tenant: Any, world: dict[str, Any]) -> None:
    """All of it as rows."""
    people = await owner.fetch("select email, id from campana.users where tenant_id = $1", tenant)
    ids = dict(people)
    await enter_masks(owner, tenant, ids, world)
    if said := world["tenant_attention"]:
        await enter_attention(owner, "tenant", {"tenant_id": tenant}, said)
    for role, said in world["role_attention"].items():
        await enter_attention(owner, "role", {"tenant_id": tenant, "role": role}, said)
    for email, said in world["personal"].items():
        await owner.execute("delete from campana.user_attention where user_id = $1", ids[email])
        own = {"switched_off": said.switched_off, "paused_until": said.paused_until}
        who = {"tenant_id": tenant, "user_id": ids[email]}
        await enter_attention(owner, "user", who | own, said)
    await enter_places(owner, tenant, ids, world)


async def enter_masks(owner: Any, tenant: Any, ids: dict[str, Any], world: dict[str, Any]) -> None:
    run = owner.execute
    await run(
        "update campana.builtin_type set channels = $1 where name = $2", world["default"], TYPE
    )
    if said := world["tenant"]:
        await run(
            "insert into campana.tenant_preference values ($1, $2, $3, $4, $5)",
            *(tenant, TYPE, said.value, said.chosen, said.locked),
        )
    for role, said in world["roles"].items():
        await run(
            "insert into campana.role_preference (tenant_id, role, type, value, chosen, locked)"
            " values ($1, $2, $3, $4, $5, $6)",
            *(tenant, role, TYPE, said.value, said.chosen, said.locked),
        )
    for email, said in world["people"].items():
        await run(
            "insert into campana.user_preference values ($1, $2, $3, $4, $5)",
            *(tenant, ids[email], TYPE, said.value, said.chosen),
        )


async def enter_places(owner: Any, tenant: Any, ids: dict[str, Any], world: dict[str, Any]) -> None:
    run = owner.execute
    await run("update campana.tenant set time_zone = $2 where id = $1", tenant, world["zone"])
    for email, zone in world["zones"].items():
        await run("update campana.users set time_zone = $2 where id = $1", ids[email], zone)
    for email in world["muted_by"]:
        mute = "insert into campana.user_mute values ($1, $2, $3)"
        await run(mute, tenant, world["subject"], ids[email])


async def enter_attention(owner: Any, whose: str, key: dict[str, Any], said: Attention) -> None:
    row = key | {
        "min_priority": said.min_priority,
        "quiet": None if said.quiet is None else bool(said.quiet),
        "quiet_from": said.quiet.start if said.quiet else None,
        "quiet_to": said.quiet.end if said.quiet else None,
        "work_days": said.work_days,
        "urgent_breaks_through": said.urgent_breaks_through,
    }
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await owner.execute(
        f"insert into campana.{whose}_attention ({', '.join(row)}) values ({places})", *row.values()
    )


async def dispatched(owner: Any, how: str, world: dict[str, Any]) -> dict[str, int]:
    """What is in the inboxes after the event went the usual way, or that of huge audiences."""
    event_id = await publish_event(
        owner, type=TYPE, priority=world["priority"], subject=world["subject"], actor=world["actor"]
    )
    call = {
        "fan_out": "campana.fan_out($3, array[o.tenant_id], array[o.id], array['{}'::jsonb],"
        " moment => $2)",
        "fan_out_one": "campana.fan_out_one($3, o.tenant_id, o.id, '{}'::jsonb, 100, moment => $2)",
    }[how]
    holder = uuid4()
    await owner.execute("update campana.tenant_turn set holder = $1", holder)
    await owner.execute(
        f"select f.tenant_id from campana.outbox o cross join lateral {call} f"
        " where o.event_id = $1",
        event_id,
        world["moment"],
        holder,
    )
    written = await owner.fetch(
        "select u.email, i.channels from campana.inbox i"
        " join campana.users u on u.id = i.user_id where i.event_id = $1",
        event_id,
    )
    return dict(written)


@settings(max_examples=250)
@given(world=worlds())
async def test_both_ways_of_fanning_out_obey_the_policy(owner, cast, world) -> None:
    undo = owner.transaction()
    await undo.start()
    try:
        await enter(owner, cast.norte, world)
        usual = await dispatched(owner, "fan_out", world)
        huge = await dispatched(owner, "fan_out_one", world)
    finally:
        await undo.rollback()

    wanted = {
        person.email: policy_says(world, person.email, person.role)
        for person in cast.of("norte")
        if person.email in PEOPLE
    }
    assert usual == {email: channels for email, channels in wanted.items() if channels}
    assert huge == usual


async def test_masks_count_from_the_next_event(publish, owner, cast, corridor) -> None:
    async def prefer(sql: str, *values: int) -> None:
        await owner.execute(sql, cast.norte, TYPE, *values)

    await publish(title="as it comes")
    await until_dispatched(owner)
    await prefer(
        "insert into campana.role_preference (tenant_id, role, type, value)"
        " values ($1, 'COOK', $2, $3)",
        0,
    )
    await prefer(
        "insert into campana.user_preference (tenant_id, user_id, type, value, chosen)"
        " select $1, id, $2, $3, $4 from campana.users where email = 'luis@norte.test'",
        EMAIL,
        INBOX | EMAIL,
    )
    await publish(title="cooks are spared, and Luis")
    await publish(type="stock:low", title="another type is another matter")
    await until_dispatched(owner)
    await prefer(
        "update campana.role_preference set value = $3, locked = $3"
        " where (tenant_id, type) = ($1, $2)",
        INBOX,
    )
    await prefer(
        "insert into campana.role_preference (tenant_id, role, type, value, locked)"
        " values ($1, 'STAFF', $2, $3, $3)",
        INBOX,
    )
    await publish(title="locked for cooks and staff")
    await until_dispatched(owner)

    async def titles(member) -> list[str]:
        return [row["title"] for row in await inbox_of(owner, member)]

    spared = [
        "as it comes",
        "another type is another matter",
        "locked for cooks and staff",
    ]
    assert await titles(cast.ana_admin) == [spared[0], "cooks are spared, and Luis", *spared[1:]]
    assert await titles(cast.carlos_cook) == spared
    assert await titles(cast.luis_colleague) == spared
    rows = await inbox_of(owner, cast.luis_colleague)
    assert [row["seq"] for row in rows] == [1, 2, 3], "what somebody did not want leaves no gap"
    assert rows[0]["channels"] == DEFAULT
    assert rows[-1]["channels"] == INBOX | EMAIL, (
        "the lock covers the inbox, the e-mail stays chosen"
    )
