"""The API describes itself, completely and validly."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from campana.errors import CODES
from handlers.declare import declared
from handlers.openapi import api_routes
from tests.post import post


@pytest.fixture
async def document(client):
    answer = await (await client()).get("/api/openapi.json")
    assert answer.status == 200
    return await answer.json()


async def test_every_route_of_the_api_is_declared_and_described(app, document):
    routes = list(api_routes(app))
    assert len(routes) > 10
    assert [f"{method} {path}" for method, path, handler in routes if not declared(handler)] == []
    assert {(method, path) for method, path, _ in routes} == {
        (method, path) for path, methods in document["paths"].items() for method in methods
    }


async def test_the_document_is_valid_openapi_3_1(document):
    OpenAPIV31SpecValidator(document).validate()
    names = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names))


async def test_it_says_what_the_input_may_be(document):
    listing = document["paths"]["/api/notifications"]["get"]
    limit = next(given for given in listing["parameters"] if given["name"] == "limit")
    assert limit["schema"]["maximum"] == 100
    event = document["components"]["schemas"]["EventShape"]
    assert event["required"] == ["type"], "a type of one's own may say whom it is for"
    assert event["properties"]["dedupeKey"]
    assert event["additionalProperties"] is False
    assert set(document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == CODES


async def test_it_says_who_may_ask(document):
    paths = document["paths"]
    assert paths["/api/health"]["get"]["security"] == []
    assert {"session": []} in paths["/api/notifications"]["get"]["security"]
    assert {"key": []} in paths["/api/events"]["post"]["security"]


async def test_limits_are_described_where_they_are_answered(client, cast, document):
    """Every operation that counts says so, and what a real answer carries is what is promised."""
    paths = document["paths"]
    limited = {
        path for path in paths for told in paths[path].values() if "429" in told["responses"]
    }
    assert limited >= {"/api/events", "/api/stream", "/api/notifications/{id}/read"}
    assert "/api/health" not in limited
    published = paths["/api/events"]["post"]["responses"]
    program = await client(**{"X-API-Key": cast.norte_publish_key})
    event = {"type": "sale:created", "audience": "all"}
    for query, status in (("", "202"), ("?dry_run=1", "200")):
        answer = await program.post(f"/api/events{query}", json=event)
        promised = set(published[status]["headers"])
        assert promised == {"RateLimit", "RateLimit-Policy"} <= set(answer.headers)
    too_many = document["components"]["responses"]["TooMany"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} == set(too_many["headers"])


async def test_the_stream_is_described_with_its_messages(document):
    asked = document["paths"]["/api/stream"]["get"]
    stream = asked["responses"]["200"]
    where = {(given["name"], given["in"]) for given in asked["parameters"]}
    assert where >= {("Last-Event-ID", "header"), ("last_event_id", "query"), ("poll", "query")}
    assert set(stream["content"]["text/event-stream"]["x-messages"]) == {
        *("hello", "notification", "unread", "read", "deleted", "resync", "visited", "bye")
    }


SALE = {"type": "sale:created", "audience": "all"}
LATER = {**SALE, "deliverAt": "2099-01-01T00:00:00Z"}  # too far ahead: a problem
ONE = "/api/notifications/{id}"
ASKED = [
    ("get", "/api/openapi.json", None, 200),
    ("post", "/api/events", SALE, 202),
    ("post", "/api/events", [SALE], 202),
    ("post", "/api/events", [SALE, LATER], 422),
    ("post", "/api/events?dry_run=1", SALE, 200),
    ("post", "/api/events?dry_run=1", [SALE], 200),
    ("post", "/api/events/{id}/cancel", None, 409),
    ("get", "/api/events/{id}/why?person=ana@norte.test", None, 200),
    ("get", "/api/notifications", None, 200),
    ("get", "/api/notifications?page=0", None, 422),
    ("get", "/api/notifications/preferences", None, 200),
    ("patch", "/api/notifications/preferences", {"enableSounds": False}, 200),
    ("post", "/api/notifications/preferences", {"nothing": 1}, 422),
    ("patch", f"{ONE}/read", None, 200),
    ("post", f"{ONE}/unread", None, 200),
    ("post", f"{ONE}/read", None, 200),
    ("delete", ONE, None, 200),
    ("post", f"{ONE}/restore", None, 200),
    ("post", f"{ONE}/delete", None, 200),
    ("post", "/api/notifications/read-all", {"upTo": 1}, 200),
    ("post", "/api/notifications/clear", {"upTo": 1}, 200),
    ("post", "/api/topics/{topic}/join", None, 404),
    ("post", "/api/topics/{topic}/leave", None, 200),
    ("get", "/api/topics", None, 200),
    ("get", "/api/connections", None, 200),
    ("get", "/api/stats", None, 200),
    ("post", "/api/tokens", {"seconds": 60}, 403),
    ("get", "/api/health", None, None),
    ("get", "/health/live", None, 200),
    ("get", "/health/ready", None, None),
]


async def test_what_it_promises_is_what_is_answered(db, client, cast, document):
    """Every operation but the stream: the shapes of the description against real answers."""
    ana, (sent,) = await client(cast.ana_admin), await post(db)
    for method, address, body, status in ASKED:
        path = address.partition("?")[0]
        filled = address.replace("{id}", str(sent)).replace("{topic}", "sale:7")
        answer = await ana.request(method, filled, **({} if body is None else {"json": body}))
        assert status in (None, answer.status), (address, await answer.text())
        promised = document["paths"][path][method]["responses"]
        told = promised.get(str(answer.status)) or promised["default"]
        if "$ref" in told:
            told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
        shape = told["content"][answer.content_type]["schema"]
        schema = {**shape, "components": document["components"]}
        Draft202012Validator(schema).validate(await answer.json())
    described = {(m, path) for path, methods in document["paths"].items() for m in methods}
    asked = {(method, address.partition("?")[0]) for method, address, _, _ in ASKED}
    assert described - asked == {("get", "/api/stream")}, "told of in tests/corridor/test_wire.py"
