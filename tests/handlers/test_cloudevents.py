"""CloudEvents 1.0 at the door for programs; the official SDK writes whatever it can write."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from campana.administration import types
from campana.administration.types import OwnType
from tests.post import deliver

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
HARD = 'Café "Luna", 100% \\ 🔔 €'
"""A title that headers cannot hold as it is."""


def said(**changes):
    """Attributes of a good event; None takes one away."""
    common = {
        "specversion": "1.0",
        "id": "7",
        "source": "/shop/sales",
        "type": "sale:created",
        "audience": "role:ADMIN",
    }
    return {name: value for name, value in {**common, **changes}.items() if value is not None}


def event(data=None, **changes):
    return CloudEvent(said(**changes), data)


@pytest.fixture
async def send(client, cast):
    """`await send(headers, body)` as norte's program: status and answer."""
    browser = await client()

    async def send(headers, body):
        answer = await browser.post(
            "/api/events",
            data=body,
            headers={"X-API-Key": cast.norte_publish_key, **headers},
            skip_auto_headers=["Content-Type"],
        )
        assert answer.status < 500, await answer.text()
        return answer.status, await answer.json(), answer.headers

    return send


async def outbox(owner):
    return await owner.fetch("select * from campana.outbox order by id")


@pytest.mark.parametrize("write", [to_structured, to_binary])
async def test_what_the_sdk_writes_arrives_as_it_was_meant(
    send, db, owner, cast, client, write
) -> None:
    sent = event(
        {"saleId": 7, "note": "ñ"}, title=HARD, message="M", subject="sale:7", priority="urgent"
    )
    message = write(sent, JSONFormat())
    status, told, _ = await send(message.headers, message.body)
    assert status == 202, told
    (row,) = await outbox(owner)
    assert (row["type"], row["audience"], row["title"]) == ("sale:created", "role:ADMIN", HARD)
    assert (row["subject"], row["priority"]) == ("sale:7", "urgent")
    assert orjson.loads(row["data"]) == {"saleId": 7, "note": "ñ"}

    await deliver(db)
    for member, heard in ((cast.ana_admin, [told["id"]]), (cast.eva_stranger, [])):
        answer = await (await client(member)).get("/api/notifications")
        assert [n["id"] for n in (await answer.json())["notifications"]] == heard


@pytest.mark.parametrize("write", [to_structured, to_binary])
async def test_extensions_say_what_events_have_beside(send, owner, cast, write) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    actions = [{"name": "view", "label": "Ver", "url": "/sales/7"}]
    message = write(
        event(
            deliverat=later.isoformat(),
            expiresat=(later + timedelta(hours=1)).isoformat(),
            dedupekey="sale:7:created",
            collapsekey="sale:7",
            actor=cast.luis_colleague.email,
            actions=json.dumps(actions),
            variant="warning",
            url="/sales/7",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        JSONFormat(),
    )
    status, told, _ = await send(message.headers, message.body)
    assert status == 202, told
    (row,) = await owner.fetch("select * from campana.scheduled")
    assert (row["deliver_at"], row["collapse_key"]) == (later, "sale:7")
    assert (row["actor"], row["variant"], row["url"]) == (
        cast.luis_colleague.id,
        "warning",
        "/sales/7",
    )
    assert orjson.loads(row["actions"]) == actions
    assert await owner.fetchval("select key from campana.dedupe") == "sale:7:created"


async def test_source_and_id_make_an_event_happen_once(send, owner) -> None:
    first = to_structured(event(), JSONFormat())
    again = to_binary(event(title="the same once more"), JSONFormat())
    others = [event(id="8"), event(source="/shop/other"), event(source="/" + "s" * 400)]
    ids = [
        (await send(message.headers, message.body))[1]["id"]
        for message in (first, again, *(to_structured(one, JSONFormat()) for one in others))
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
    assert len(await outbox(owner)) == 4


async def test_a_batch_gets_in_whole_or_not_at_all(send, owner) -> None:
    status, told, _ = await send(
        {"Content-Type": f"{BATCHED}; charset=utf-8"},
        orjson.dumps([said(id=str(n), data={"n": n}) for n in range(3)]),
    )
    assert (status, len(told["events"])) == (202, 3)
    assert [orjson.loads(row["data"])["n"] for row in await outbox(owner)] == [0, 1, 2]

    status, told, headers = await send(
        {"Content-Type": BATCHED},
        orjson.dumps(
            [
                said(id="a"),
                said(id="b", audience="role:NOBODY"),
                said(id="c", type="sale:imagined"),
            ]
        ),
    )
    assert (status, headers["Content-Type"]) == (422, "application/problem+json")
    assert [(e["index"], e["field"], e["code"]) for e in told["errors"]] == [
        (1, "audience", "unknown_recipient"),
        (2, "type", "unknown_type"),
    ]
    status, told, _ = await send(
        {"Content-Type": BATCHED},
        orjson.dumps([said(id="a"), {"specversion": "0.3"}, said(data_base64="?")]),
    )
    found = {(e["index"], e["field"], e["code"]) for e in told["errors"]}
    assert status == 422
    assert (1, "specversion", "invalid_value") in found
    assert {(1, name, "missing") for name in ("id", "source", "type")} < found
    assert len(await outbox(owner)) == 3


async def test_data_may_come_as_base64_of_json(send, owner) -> None:
    packed = base64.b64encode(b'{"saleId": 7}').decode()
    body = orjson.dumps(said(data_base64=packed, datacontenttype="application/vnd.shop+json"))
    assert (await send({"Content-Type": STRUCTURED}, body))[0] == 202
    (row,) = await outbox(owner)
    assert orjson.loads(row["data"]) == {"saleId": 7}


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%41%2", "A%2"),
        ("plain 100%", "plain 100%"),
        ('"quoted \\"text\\" %41"', 'quoted "text" A'),
        ("Venta n.º 7", "Venta n.º 7"),
    ],
)
async def test_headers_are_decoded_as_the_binding_says(send, owner, header, title) -> None:
    headers = {f"CE-{name}": value for name, value in said(title=header).items()}
    status, told, _ = await send(headers, b"")
    assert status == 202, told
    assert (await outbox(owner))[0]["title"] == title


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "%C0%A0"}, "title"),  # overlong: the standard's own example
        ({"title": "%FF"}, "title"),
        ({"title": "%00"}, "title"),
        ({"specversion": "1.1"}, "specversion"),
        ({"id": None}, "id"),
        ({"source": ""}, "source"),
        ({"source": "%20"}, "source"),
        ({"audience": None}, "audience"),
        ({"type": None}, "type"),
        ({"time": "yesterday"}, "time"),
        ({"deliverat": "soon"}, "deliverat"),
        ({"subject": "picture.jpg"}, "subject"),
        ({"dedupekey": "x" * 256}, "dedupekey"),
        ({"actions": "["}, "actions"),
        ({"actions": '[{"name": "X"}]'}, "actions.0.name"),
        ({"tenant": "sur"}, "tenant"),
    ],
)
async def test_what_does_not_fit_is_named(send, owner, change, field) -> None:
    headers = {f"ce-{name}": value for name, value in said(**change).items()}
    status, told, _ = await send(headers, b"")
    assert status == 422, told
    assert told["errors"][0]["field"] == field, told
    assert await outbox(owner) == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (STRUCTURED, b"{", 400),
        (STRUCTURED, b"[]", 422),
        (STRUCTURED, b"7", 422),
        (BATCHED, b"{}", 422),
        (BATCHED, b"[7]", 422),
        (STRUCTURED, orjson.dumps(said(data="text")), 422),
        (STRUCTURED, orjson.dumps(said(datacontenttype="text/plain", data="x")), 422),
        (STRUCTURED, orjson.dumps(said(data={}, data_base64="e30=")), 422),
        (STRUCTURED, orjson.dumps(said(data_base64="W10=")), 422),
        (STRUCTURED, orjson.dumps(said(audience=7)), 422),
        ("application/cloudevents+xml", b"<event/>", 415),
        ("application/cloudevents", b"{}", 415),
    ],
)
async def test_nothing_else_gets_in(send, owner, kind, body, status) -> None:
    answered, told, _ = await send({"Content-Type": kind}, body)
    assert (answered, told["status"]) == (status, status), told
    assert await outbox(owner) == []


async def test_an_empty_batch_is_accepted_and_nothing_happens(send, owner) -> None:
    for more in ({}, {"Idempotency-Key": "k"}, {"Idempotency-Key": "k"}):
        status, told, headers = await send({"Content-Type": BATCHED, **more}, b"[]")
        assert (status, told) == (202, {"events": []})
        assert "RateLimit" in headers
    assert headers["Idempotency-Replayed"] == "true"
    assert await outbox(owner) == []


async def test_a_type_may_say_for_whom_its_cloud_events_are(send, owner, db, cast) -> None:
    mine = OwnType(audience="role:COOK")
    await types.create(db, cast.norte, "card:sold", mine, actor="test")
    headers = {"Content-Type": STRUCTURED}
    assert (await send(headers, orjson.dumps(said(type="card:sold", audience=None))))[0] == 202
    assert [row["audience"] for row in await outbox(owner)] == ["role:COOK"]


async def test_binary_data_is_json(send) -> None:
    headers = {f"ce-{name}": value for name, value in said().items()}
    assert (await send({**headers, "Content-Type": "text/plain"}, b"hello"))[0] == 415
    assert (await send({**headers, "Content-Type": "application/json"}, b"[1]"))[0] == 422


async def test_a_repetition_in_binary_mode_has_the_same_headers(send) -> None:
    headers = {f"ce-{name}": value for name, value in said().items()} | {"Idempotency-Key": "k"}
    first = await send(headers, b"")
    again = await send(headers, b"")
    assert (first[0], again[1], again[2]["Idempotency-Replayed"]) == (202, first[1], "true")
    other = await send({**headers, "ce-title": "another"}, b"")
    assert (other[0], other[1]["code"]) == (422, "idempotency_mismatch")
