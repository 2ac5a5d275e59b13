"""The door for programs: what gets in, what is refused and how, and repetitions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import orjson
import pytest

from campana import idempotency
from campana.gathering import Gathering
from campana.publish import Published
from tests.post import deliver

SALE = {"type": "sale:created", "audience": "role:ADMIN"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def publish(client, cast):
    """`await publish(body)` as norte's program: the status and what it was told."""

    async def publish(body, key=cast.norte_publish_key, *, raw=None, **headers):
        answer = await (await client()).post(
            "/api/events",
            data=orjson.dumps(body) if raw is None else raw,
            headers={**JSON, "X-API-Key": key, **headers},
        )
        assert answer.status < 500, await answer.text()
        return answer.status, await answer.json(), answer.headers

    return publish


async def waiting(owner):
    """What lies in the outbox, oldest first."""
    return await owner.fetch("select * from campana.outbox order by id")


async def test_an_event_is_accepted_and_arrives(publish, db, owner, cast, client):
    status, told, _ = await publish({**SALE, "title": "Hola", "data": {"saleId": 7, "note": None}})
    assert status == 202
    (row,) = await waiting(owner)
    assert str(row["event_id"]) == told["id"]
    assert UUID(told["id"]).version == 7
    assert orjson.loads(row["data"]) == {"saleId": 7, "note": None}

    await deliver(db)
    for member, heard in ((cast.ana_admin, [told["id"]]), (cast.eva_stranger, [])):
        answer = await (await client(member)).get("/api/notifications")
        assert [n["id"] for n in (await answer.json())["notifications"]] == heard


async def test_every_argument_has_its_place_in_either_spelling(publish, owner, cast):
    later = datetime.now(UTC) + timedelta(hours=1)
    common = {
        **SALE,
        "tenant": "norte",
        "title": "T",
        "message": "M",
        "priority": "urgent",
        "variant": "error",
        "url": "/sales/7",
        "actions": [{"name": "view", "label": "Ver", "url": "/sales/7", "variant": "primary"}],
        "actor": cast.luis_colleague.email,
        "subject": "sale:7",
    }
    camel = {"dedupeKey": "a", "collapseKey": "c", "deliverAt": later.isoformat()}
    snake = {"dedupe_key": "b", "collapse_key": "c", "deliver_at": later.isoformat()}
    for spelling in (camel, snake):
        assert (await publish({**common, **spelling}))[0] == 202

    rows = await owner.fetch("select * from campana.scheduled")
    keys = await owner.fetch("select key from campana.dedupe order by key")
    assert len(rows) == 2
    for row in rows:
        assert (row["deliver_at"], row["collapse_key"]) == (later, "c")
        assert (row["priority"], row["variant"], row["url"]) == ("urgent", "error", "/sales/7")
        assert (row["actor"], row["subject"]) == (cast.luis_colleague.id, "sale:7")
        assert orjson.loads(row["actions"]) == common["actions"]
    assert [row["key"] for row in keys] == ["a", "b"]


async def test_an_array_keeps_its_order(publish, owner):
    status, told, _ = await publish([{**SALE, "title": str(n)} for n in range(1000)])
    assert status == 202
    rows = await waiting(owner)
    assert [str(row["event_id"]) for row in rows] == [event["id"] for event in told["events"]]
    assert [row["title"] for row in rows] == [str(n) for n in range(1000)]


async def test_an_array_gets_in_whole_or_not_at_all(publish, owner):
    status, told, _ = await publish(
        [
            SALE,
            {**SALE, "audience": "role:NOBODY"},
            {**SALE, "type": "sale:imagined"},
            {**SALE, "data": {"x": "y" * 33_000}},
            {**SALE, "url": "javascript:alert(1)"},
            {**SALE, "audience": "role:ADMIN &"},
        ]
    )
    assert (status, told["status"]) == (422, 422)
    found = [(fault["index"], fault["field"], fault["code"]) for fault in told["errors"]]
    assert found == [
        (1, "audience", "unknown_recipient"),
        (2, "type", "unknown_type"),
        (3, "data", "too_large"),
        (4, "url", "invalid_value"),
        (5, "audience", "malformed_audience"),
    ]
    assert all(fault["hint"] for fault in told["errors"])

    status, told, _ = await publish([SALE, {**SALE, "titel": "x"}, {"type": 5}])
    found = {(fault["index"], fault["field"], fault["code"]) for fault in told["errors"]}
    assert status == 422
    assert found == {
        (1, "titel", "unknown_field"),
        (2, "type", "invalid_value"),
        (2, "audience", "missing"),
    }
    assert await waiting(owner) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"type": ""}, "type", "invalid_value"),
        ({"type": "nothing:known"}, "type", "unknown_type"),
        ({"type": None}, "type", "invalid_value"),
        ({"audience": ""}, "audience", "invalid_value"),
        ({"audience": "user:eva@sur.test"}, "audience", "unknown_recipient"),
        ({"audience": "(" * 1999}, "audience", "malformed_audience"),
        ({"audience": "x" * 2001}, "audience", "invalid_value"),
        ({"title": "x" * 201}, "title", "invalid_value"),
        ({"title": 5}, "title", "invalid_value"),
        ({"message": "x" * 4001}, "message", "invalid_value"),
        ({"data": []}, "data", "invalid_value"),
        ({"data": {"x": "y" * 33_000}}, "data", "too_large"),
        ({"data": {"x": {"y\0": 1}}}, "data.x.y", "invalid_value"),
        ({"title": "a\0b"}, "title", "invalid_value"),
        ({"priority": "huge"}, "priority", "invalid_value"),
        ({"variant": "pink"}, "variant", "invalid_value"),
        ({"url": "javascript:alert(1)"}, "url", "invalid_value"),
        ({"url": "//evil.example"}, "url", "invalid_value"),
        ({"actions": [{}] * 6}, "actions", "invalid_value"),
        ({"actions": [{"name": "x", "label": ""}]}, "actions.0.label", "invalid_value"),
        ({"actions": [{"name": "x", "label": "X", "url": "data:x"}]}, "actions", "invalid_value"),
        ({"actor": "nobody@norte.test"}, "actor", "unknown_recipient"),
        ({"subject": "no subject"}, "subject", "invalid_value"),
        ({"dedupe_key": ""}, "dedupeKey", "invalid_value"),
        ({"dedupe_key": "x" * 256}, "dedupeKey", "invalid_value"),
        ({"deliver_at": "tomorrow"}, "deliverAt", "invalid_value"),
        ({"deliver_at": "2027-01-01T00:00:00"}, "deliverAt", "invalid_value"),
        ({"deliver_at": "9999-12-31T23:59:59-12:00"}, "deliver_at", "invalid_value"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "invalid_value"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at", "invalid_value"),
        ({"tenant": "sur"}, "tenant", "invalid_value"),
        ({"colapse_key": "x"}, "colapse_key", "unknown_field"),
    ],
)
async def test_what_does_not_fit_is_named(publish, owner, change, field, code):
    status, told, _ = await publish({**SALE, **change})
    assert status == 422, told
    found = {(fault["field"].replace("_", "").lower(), fault["code"]) for fault in told["errors"]}
    assert found == {(field.replace("_", "").lower(), code)}
    assert await waiting(owner) == []


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b"NaN", 400, "malformed_json"),
        (b"[" * 5000, 400, "malformed_json"),
        (b'{"type": 1e999}', 400, "malformed_json"),
        (b"null", 422, "invalid_value"),
        (b'"x"', 422, "invalid_value"),
        (b"[]", 422, "invalid_value"),
        (b"[" + b"1," * 1000 + b"1]", 422, "invalid_value"),
        (b'{"type":"a:b","audience":"all","title":"\\ud800"}', 422, "invalid_value"),
        (
            b'{"type":"a:b","audience":"all","data":{"a":' + b"[" * 400 + b"]" * 400 + b"}}",
            422,
            None,
        ),
        (b" " * (8 * 1024 * 1024 + 1), 413, "too_large"),
    ],
)
async def test_a_body_that_is_no_event(publish, raw, status, code):
    answered, told, _ = await publish(None, raw=raw)
    assert (answered, told["code"] if code != "invalid_value" else code) == (
        status,
        code or told["code"],
    )


async def test_what_is_no_object_is_said_in_words_of_json(publish):
    for body in ([7], {**SALE, "data": 7}, {**SALE, "actions": [7]}):
        _, told, _ = await publish(body)
        assert "JSON object" in told["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
async def test_another_content_type_is_told_which_is_understood(publish, kind):
    status, told, _ = await publish(SALE, **{"Content-Type": kind})
    assert (status, told["code"]) == (415, "unsupported_media_type")
    assert "application/json" in told["hint"]


async def test_half_a_pair_of_surrogates_within_bytes(publish):
    status, _, _ = await publish(
        None, raw=b'{"type":"a:b","audience":"all","title":"\xed\xa0\x80"}'
    )
    assert status == 400


async def test_events_with_markup_and_line_breaks_get_in_as_they_are(publish, owner):
    title = "a\nb\r\n<script>alert(1)</script>\u2028 data: x\n\n"
    assert (await publish({**SALE, "title": title}))[0] == 202
    assert (await waiting(owner))[0]["title"] == title


async def test_who_may_publish(publish, client, cast, owner):
    for key, expected in (
        (cast.norte_key, 202),
        (cast.norte_read_key, 403),
        (cast.norte_revoked_key, 401),
        (cast.norte_expired_key, 401),
        ("nonsense", 401),
        ("ñ" * 3000, 401),
    ):
        assert (await publish(SALE, key))[0] == expected, key
    for browser, expected in (
        (await client(), 401),
        (await client(cast.luis_colleague), 403),
        (await client(cast.ana_admin), 202),
    ):
        assert (await browser.post("/api/events", json=SALE)).status == expected
    foreign = await client(cast.ana_admin, Origin="https://evil.example")
    assert (await foreign.post("/api/events", json=SALE)).status == 403

    assert (await publish(SALE, cast.sur_key))[0] == 202
    tenants = [row["tenant_id"] for row in await waiting(owner)]
    assert tenants == [cast.norte, cast.norte, cast.sur], "always the key's own tenant"


async def test_a_repetition_gets_the_first_answer_and_does_nothing(publish, owner):
    key = {"Idempotency-Key": "order 66"}
    status, first, headers = await publish(SALE, **key)
    assert (status, "Idempotency-Replayed" in headers) == (202, False)
    status, again, headers = await publish(SALE, **key)
    assert (status, again, headers["Idempotency-Replayed"]) == (202, first, "true")
    assert len(await waiting(owner)) == 1

    status, told, _ = await publish({**SALE, "title": "other"}, **key)
    assert (status, told["code"]) == (422, "idempotency_mismatch")
    assert len(await waiting(owner)) == 1


async def test_another_tenants_keys_are_its_own(publish, owner, cast):
    key = {"Idempotency-Key": "1"}
    assert (await publish(SALE, **key))[0] == 202
    status, _, headers = await publish([SALE], cast.sur_key, **key)
    assert (status, "Idempotency-Replayed" in headers) == (202, False)
    assert len(await waiting(owner)) == 2


async def test_a_refused_request_leaves_its_key_free(publish, owner):
    key = {"Idempotency-Key": "k"}
    assert (await publish([SALE, {**SALE, "audience": "role:NOBODY"}], **key))[0] == 422
    status, _, headers = await publish([SALE], **key)
    assert (status, "Idempotency-Replayed" in headers) == (202, False)
    assert len(await waiting(owner)) == 1


async def test_while_the_first_is_answered_the_second_is_sent_away(publish, db, owner, cast):
    async with db.tenant(cast.norte) as tx:
        await idempotency.claim(tx, cast.norte, "k", b"whatever")
        status, told, headers = await publish(SALE, **{"Idempotency-Key": "k"})
        assert (status, told["code"], headers["Retry-After"]) == (409, "request_in_flight", "1")
    status, _, _ = await publish(SALE, **{"Idempotency-Key": "k"})
    assert status == 202, "who held the key left without an answer"
    assert len(await waiting(owner)) == 1


async def test_ten_at_once_with_one_key_are_one(publish, owner):
    answers = await asyncio.gather(
        *(publish([SALE] * 50, **{"Idempotency-Key": "k"}) for _ in range(10))
    )
    assert {status for status, _, _ in answers} <= {202, 409}
    assert len({str(told) for status, told, _ in answers if status == 202}) == 1
    assert len(await waiting(owner)) == 50


@pytest.mark.parametrize("key", ["", "x" * 256, "ñ", "a\tb"])
async def test_a_key_that_is_none(publish, key):
    status, told, _ = await publish(SALE, **{"Idempotency-Key": key})
    assert (status, told["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_arrays_that_wait_for_each_other_get_in_all_the_same(publish, owner):
    one = [{**SALE, "dedupe_key": str(n)} for n in range(200)]
    answers = await asyncio.gather(*(publish(order) for order in (one, one[::-1]) * 3))
    assert {status for status, _, _ in answers} == {202}
    assert len(await waiting(owner)) == 200


async def test_single_events_that_come_at_once_each_get_their_own_answer(publish, owner):
    wanted = [{**SALE, "audience": "role:NOBODY" if n % 3 else "role:ADMIN"} for n in range(30)]
    answers = await asyncio.gather(*(publish(event) for event in wanted))
    assert [status for status, _, _ in answers] == [422 if n % 3 else 202 for n in range(30)]
    accepted = {told["id"] for status, told, _ in answers if status == 202}
    assert {str(row["event_id"]) for row in await waiting(owner)} == accepted
    assert len(accepted) == 10


async def test_one_whose_writing_fails_does_not_take_the_others_along(db, owner, cast):
    await owner.execute(
        """
        create function refuse() returns trigger language plpgsql as $$
        begin
          if new.title = 'bad' then raise exception 'out of order'; end if;
          return new;
        end $$;
        create trigger refuse before insert on campana.outbox
          for each row execute function refuse();
        """
    )
    gathering = Gathering(db)
    events = [orjson.dumps({**SALE, "title": title}) for title in ("a", "b", "bad", "c")]
    outcomes = await asyncio.gather(
        *(gathering.publish(cast.norte, event) for event in events), return_exceptions=True
    )
    assert [isinstance(outcome, Published) for outcome in outcomes] == [True, True, False, True]
    assert sorted(row["title"] for row in await waiting(owner)) == ["a", "b", "c"]


async def test_an_event_can_be_taken_back_until_it_is_due(publish, client, cast, owner, db):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    _, later, _ = await publish({**SALE, "deliver_at": soon})
    _, now, _ = await publish(SALE)
    program = await client()

    async def cancel(which, key=cast.norte_publish_key):
        headers = {"X-API-Key": key}
        answer = await program.post(f"/api/events/{which}/cancel", headers=headers)
        return answer.status, await answer.json()

    assert (await cancel(later["id"], cast.sur_key))[0] == 404
    assert (await cancel(later["id"], cast.norte_read_key))[0] == 403
    assert await cancel(later["id"]) == (200, {"id": later["id"], "cancelled": True})
    assert await owner.fetchval("select count(*) from campana.scheduled") == 0
    assert (await cancel(later["id"]))[0] == 404
    for _ in range(2):
        status, told = await cancel(now["id"])
        assert (status, told["code"]) == (409, "already_due")
        await deliver(db)
    for unknown in (uuid4(), "x"):
        assert (await cancel(unknown))[0] == 404
