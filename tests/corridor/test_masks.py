"""Preferences are masks of channel bits: what a role says, what it locks, what a user chose."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campana.events import INBOX
from tests.corridor.conftest import inbox_of, publish_event, until_dispatched

EMAIL = 2  # any outer channel: a bit that is not the inbox's
TYPE = "sale:created"
ROLES = ("ADMIN", "STAFF", "COOK")
PEOPLE = ("ana@norte.test", "luis@norte.test", "rosa@norte.test", "carlos@norte.test")

masks = st.integers(0, 15)
role_rows = st.dictionaries(st.sampled_from(ROLES), st.tuples(masks, masks))
user_rows = st.dictionaries(st.sampled_from(PEOPLE), st.tuples(masks, masks))


def effective(default: int, role: tuple[int, int] | None, user: tuple[int, int] | None) -> int:
    """Channel by channel: the user's choice where it may be made; else the role's; else all's."""
    value, locked = role or (default, 0)
    wished, chosen = user or (0, 0)
    channels = 0
    for bit in (1, 2, 4, 8):
        decides = wished if chosen & bit and not locked & bit else value
        channels |= decides & bit
    return channels


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(default=masks, roles=role_rows, users=user_rows)
async def test_both_ways_of_fanning_out_obey_the_rule(owner, cast, default, roles, users) -> None:
    undo = owner.transaction()
    await undo.start()
    try:
        await owner.executemany(
            "insert into campana.role_preference (tenant_id, role, type, value, locked)"
            " values ($1, $2, $3, $4, $5)",
            [(cast.norte, role, TYPE, *row) for role, row in roles.items()],
        )
        await owner.executemany(
            "insert into campana.user_preference (tenant_id, user_id, type, value, chosen)"
            " select tenant_id, id, $2, $3, $4 from campana.users where email = $1",
            [(email, TYPE, *row) for email, row in users.items()],
        )
        rows = await owner.fetch(
            """select u.email, r.channels
            from campana.recipients($1, '["all"]', $2, null, $3, null, null) r
            join campana.users u on u.id = r.user_id""",
            cast.norte,
            TYPE,
            default,
        )
        await owner.execute(
            "update campana.builtin_type set channels = $2 where name = $1", TYPE, default
        )
        event_id = await publish_event(owner, type=TYPE)
        await owner.execute(
            "select f.tenant_id from campana.outbox o"
            " cross join lateral campana.fan_out(array[o.id], array['{}'::jsonb]) f"
            " where o.event_id = $1",
            event_id,
        )
        written = await owner.fetch(
            "select u.email, i.channels from campana.inbox i"
            " join campana.users u on u.id = i.user_id where i.event_id = $1",
            event_id,
        )
    finally:
        await undo.rollback()

    assert dict(written) == dict(rows), "many events at once, and one by itself"
    wanted = {
        person.email: effective(default, roles.get(person.role), users.get(person.email))
        for person in cast.of("norte")
        if person.email in PEOPLE
    }
    assert dict(rows) == {email: channels for email, channels in wanted.items() if channels & INBOX}


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
    seqs = [row["seq"] for row in await inbox_of(owner, cast.luis_colleague)]
    assert seqs == [1, 2, 3], "what somebody did not want leaves no gap"
    last = (await inbox_of(owner, cast.luis_colleague))[-1]
    assert last["channels"] == INBOX | EMAIL, "the lock covers the inbox, the e-mail stays chosen"
