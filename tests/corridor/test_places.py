"""Where a reader's rows are: found by id without an index of ids, unread ones from the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campana import demo, inbox, inbox_list, outbox
from campana.inbox_list import EVERYTHING, Filter
from tests.cast import person
from tests.post import post

UNREAD = Filter(unread=True)


async def place_of(owner, who, event_id) -> int | None:
    return await owner.fetchval(
        "select seq from campana.place_of($1, $2, array[$3::uuid])",
        who.tenant_id,
        who.id,
        event_id,
    )


async def read_floor(owner, who) -> int:
    return await owner.fetchval(
        "select read_floor from campana.inbox_head where user_id = $1", who.id
    )


async def not_found(owner) -> int:
    """How many rows of all inboxes are not where `place_of` says."""
    return await owner.fetchval(
        "select count(*) from campana.inbox i where i.seq is distinct from"
        " (select p.seq from campana.place_of(i.tenant_id, i.user_id, array[i.id]) p)"
    )


async def unread_below(owner) -> int:
    """Visible unread rows that `read_floor` hides: there must be none."""
    return await owner.fetchval(
        "select count(*) from campana.inbox i join campana.inbox_head h using (tenant_id, user_id)"
        " where i.seq <= h.read_floor and i.state = 0 and i.read_at is null or h.read_floor > h.seq"
    )


# -- by id


@pytest.mark.parametrize("chunk", [5_000, 60], ids=["together", "in chunks"])
async def test_every_recipient_of_a_large_audience_finds_its_own_row(
    db, owner, cast, monkeypatch, chunk
):
    await demo.add_people(db, 200)
    monkeypatch.setattr(outbox, "HUGE", chunk)
    monkeypatch.setattr(outbox, "CHUNK", chunk)
    # inboxes of different lengths: the same event has another seq in each
    (some,) = await post(db, {"audience": "role:STAFF"}, tenant=demo.LOAD_TENANT)
    ids = await post(db, {}, {}, {}, tenant=demo.LOAD_TENANT)

    pieces = await owner.fetch(
        "select cardinality(user_ids) as n from campana.event_recipients where event_id = $1",
        ids[-1],
    )
    assert len(pieces) > 1, "or this shows nothing"
    assert sum(piece["n"] for piece in pieces) >= 200
    assert await not_found(owner) == 0
    for event_id in (some, *ids):
        assert await place_of(owner, person(cast.ana_admin), event_id) is None, "not a recipient"


async def test_a_row_is_found_where_it_has_moved_and_only_by_its_reader(db, owner, cast, ana, luis):
    (first,) = await post(db, {"collapse_key": "chat"})
    await inbox.apply(db, luis, inbox.read, [first])
    second, between = await post(db, {"collapse_key": "chat"}, {})
    assert (await place_of(owner, ana, first), await place_of(owner, luis, first)) == (2, 1)
    assert (await place_of(owner, ana, second), await place_of(owner, luis, second)) == (None, 2)
    await post(db, {"collapse_key": "chat"})
    assert await place_of(owner, ana, first) == 4, "moved again"
    assert await place_of(owner, person(cast.eva_stranger), first) is None
    assert await not_found(owner) == 0

    for verb in (inbox.read, inbox.unread, inbox.delete, inbox.restore):
        assert (await inbox.apply(db, ana, verb, [first, between])).changed == 2
    async with db.tenant(ana.tenant_id, ana.id) as tx:
        found = await inbox_list.one(tx, ana, first)
        assert (found.id, found.seq) == (first, 4)
        assert await inbox_list.one(tx, ana, second) is None
        assert await inbox_list.one(tx, ana, uuid4()) is None
    with pytest.raises(asyncpg.PostgresError) as refused:
        await inbox.apply(db, ana, inbox.read, [first, second])
    assert refused.value.sqlstate == "CA009"


async def test_a_moved_row_expires_where_it_is(db, owner, ana):
    soon = {"expires_at": (await owner.fetchval("select now() + interval '1 hour'"))}
    (first,) = await post(db, {"collapse_key": "chat", **soon})
    await post(db, {}, {"collapse_key": "chat", **soon})
    await owner.execute("update campana.expiring set expires_at = now()")

    async with db.bus() as bus, bus.transaction():
        await bus.fetch("select * from campana.expire(100)")

    assert await owner.fetchval("select count(*) from campana.expiring") == 0
    gone = await owner.fetch("select distinct id from campana.inbox where state = 3")
    assert [row["id"] for row in gone] == [first]
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


# -- read_floor


async def test_the_read_floor_rises_with_what_is_read_and_sinks_below_what_is_unread_again(
    db, owner, ana
):
    ids = await post(db, *[{} for _ in range(6)])

    async def after(verb, what) -> int:
        await inbox.apply(db, ana, verb, what)
        assert await unread_below(owner) == 0
        return await read_floor(owner, ana)

    assert await after(inbox.read, ids[:2]) == 0
    assert await after(inbox.read_all, 4) == 4
    assert await after(inbox.read_all, 3) == 4, "never down by reading"
    assert await after(inbox.unread, [ids[2]]) == 2
    assert await after(inbox.unread, [ids[3]]) == 2
    assert await after(inbox.delete, ids[2:4]) == 2
    assert await after(inbox.read, ids) == 6, "nothing is unread"
    assert await after(inbox.restore, [ids[3]]) == 3
    assert await after(inbox.clear, 5) == 6
    assert await after(inbox.restore, [ids[0]]) == 6, "it was read"
    await post(db)
    assert await after(inbox.clear, 6) == 6
    assert await after(inbox.restore, [ids[3]]) == 3
    assert await after(inbox.read_all, 6) == 6


# -- against a model


@dataclass
class Row:
    id: UUID
    seq: int
    key: str | None
    is_read: bool = False
    is_deleted: bool = False

    @property
    def is_counted(self) -> bool:
        return not (self.is_read or self.is_deleted)


@dataclass
class Model:
    """An inbox as its reader understands it."""

    rows: list[Row] = field(default_factory=list)
    seq: int = 0
    rev: int = 0

    @property
    def unread(self) -> int:
        return sum(row.is_counted for row in self.rows)

    def visible(self) -> list[Row]:
        return sorted(
            (row for row in self.rows if not row.is_deleted), key=lambda row: row.seq, reverse=True
        )

    def publish(self, event_id: UUID, key: str | None) -> None:
        self.seq += 1
        same = [row for row in self.rows if key and row.key == key and row.is_counted]
        if same:
            max(same, key=lambda row: row.seq).seq = self.seq
        else:
            self.rows.append(Row(event_id, self.seq, key))

    def change(self, verb: str, rows: list[Row]) -> int:
        """What `verb` does to `rows`; how many it changed."""
        before = [(row.is_read, row.is_deleted) for row in rows]
        for row in rows:
            if verb in ("delete", "clear"):
                row.is_deleted = True
            elif verb == "restore":
                row.is_deleted = False
            elif not row.is_deleted:
                row.is_read = verb != "unread"
        changed = sum(
            was != (row.is_read, row.is_deleted) for was, row in zip(before, rows, strict=True)
        )
        self.rev += changed > 0
        return changed


KEYS = st.sampled_from((None, None, "a", "b"))
PART = st.floats(0, 1)
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.lists(KEYS, min_size=1, max_size=3)),
    st.tuples(
        st.sampled_from(("read", "unread", "delete", "restore")),
        st.lists(PART, min_size=1, max_size=3),
    ),
    st.tuples(st.sampled_from(("read_all", "clear")), PART),
)
START = ("publish", [None, "a", None, "b", None])


@settings(max_examples=60)
@example([("read_all", 1.0), ("unread", [0.5]), ("publish", ["a"]), ("restore", [0.5])])
@example([("read_all", 1.0), ("unread", [0.2, 0.7]), ("publish", ["a", "b"]), ("clear", 0.5)])
@given(st.lists(STEPS, min_size=4, max_size=16))
async def test_list_unread_and_counters_are_what_a_simple_model_says(db, owner, ana, steps):
    await owner.execute(
        "truncate campana.inbox, campana.event_recipients, campana.event, campana.signal;"
        " update campana.inbox_head set seq = 0, unread = 0, rev = 0, read_floor = 0"
    )
    model = Model()
    for verb, what in (START, *steps):
        if verb == "publish":
            await _publish(db, model, what)
        else:
            await _change(db, ana, model, verb, what)
        await _compare(db, ana, model)
        assert await unread_below(owner) == 0
    assert await not_found(owner) == 0
    assert await owner.fetchval("select campana.unread_drift(100000)") == 0


async def _publish(db, model: Model, keys: list[str | None]) -> None:
    ids = await post(db, *[{"collapse_key": key} if key else {} for key in keys])
    for event_id, key in zip(ids, keys, strict=True):
        model.publish(event_id, key)


async def _change(db, who, model: Model, verb: str, what: float | list[float]) -> None:
    if isinstance(what, list):
        chosen = {int(part * (len(model.rows) - 1)) for part in what}
        rows = [model.rows[number] for number in sorted(chosen)]
        done = await inbox.apply(db, who, getattr(inbox, verb), [row.id for row in rows])
    else:
        last = round(what * model.seq)
        rows = [row for row in model.visible() if row.seq <= last]
        done = await inbox.apply(db, who, getattr(inbox, verb), last)
    changed = model.change(verb, rows)
    assert (done.unread, done.rev, done.changed) == (model.unread, model.rev, changed)


async def _compare(db, who, model: Model) -> None:
    visible = model.visible()
    unread = [row for row in visible if row.is_counted]
    async with db.tenant(who.tenant_id, who.id) as tx:
        head = await inbox.head(tx, who)
        assert (head.seq, head.unread, head.rev) == (model.seq, model.unread, model.rev)
        for wanted, only in ((visible, EVERYTHING), (unread, UNREAD)):
            shown = (await inbox_list.page(tx, who, only, limit=100)).rows
            assert [(row.id, row.seq, row.is_read) for row in shown] == [
                (row.id, row.seq, row.is_read) for row in wanted
            ]
            second = await inbox_list.page(tx, who, only, number=2, limit=2)
            assert [row.id for row in second.rows] == [row.id for row in wanted[2:4]]
            if len(wanted) > 2:
                rest = await inbox_list.older_than(tx, who, wanted[1].seq, only, limit=100)
                assert [row.id for row in rest.rows] == [row.id for row in wanted[2:]]
