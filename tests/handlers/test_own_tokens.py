"""Our own tokens (JWT): made by a key for a person, believed while key, person and secret hold."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

import time
from datetime import datetime

import jwt
import pytest

from campana import keys, own_tokens, users
from campana.errors import Conflict, Unauthorized
from tests.corridor.conftest import http, publish, site
from tests.handlers.test_tokens import bearer, encoded
from tests.sse import Ear

NEW, OLD, GONE = "new-" * 16, "old-" * 16, "gone" * 16
pytestmark = pytest.mark.settings(token_secrets=(NEW, OLD))


@pytest.fixture
async def program(client):
    return await client()


@pytest.fixture
def make(program, cast):
    """`await make(member)`: a token, by norte's key."""

    async def make(member=cast.luis_colleague, key=cast.norte_key, **body):
        answer = await program.post(
            "/api/tokens", params={"user": member.email}, headers={"X-API-Key": key}, json=body
        )
        said = await answer.json()
        return said["token"] if answer.status == 201 else (answer.status, said["code"])

    return make


@pytest.fixture
def ask(program):
    """`await ask(token)`: status and answer of a request with it."""

    async def ask(token, path="/api/notifications", method="GET", **more):
        answer = await program.request(method, path, headers=bearer(token), **more)
        return answer.status, await answer.json()

    return ask


async def changed(make, secret=NEW, algorithm="HS256", **changes):
    """A token as ours, with other claims; None takes one away."""
    claims = jwt.decode(await make(), options={"verify_signature": False}) | changes
    left = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(left, secret, algorithm)


async def test_a_token_is_its_person_on_api_and_stream(
    live_app, http, site, publish, make, ask, cast
) -> None:
    token = await make()
    luis = Ear(http, f"{site}/api/stream", headers=bearer(token))
    await (await luis.open()).hears("hello")
    assert luis.hello["userId"] == str(cast.luis_colleague.id)
    sent = await publish(title="live")
    await luis.hears("notification", title="live")
    status, said = await ask(token)
    assert (status, [one["id"] for one in said["notifications"]]) == (200, [str(sent)])
    assert (await ask(token, f"/api/notifications/{sent}/read", "POST"))[1]["unread"] == 0
    await luis.hears("read")
    await luis.cut()


async def test_it_cannot_become_another_person_publish_or_make_more(make, ask, cast) -> None:
    token = await make(cast.ana_admin)
    other = {"user": cast.luis_colleague.email}
    assert (await ask(token, "/api/topics", params=other))[0] == 200
    assert (await ask(token, "/api/events", "POST", json={}))[1]["code"] == "missing_scope"
    assert (await ask(token, "/api/tokens", "POST", params=other))[0] == 403


async def test_who_may_make_one(client, make, cast) -> None:
    assert await make(key=cast.norte_publish_key) == (403, "missing_scope")
    assert await make(key=cast.sur_key) == (404, "not_found")
    assert await make(cast.ines_inactive) == (404, "not_found")
    assert await make(key=cast.norte_revoked_key) == (401, "unauthorized")
    for seconds in (0, 59, 86_401, "soon"):
        assert (await make(seconds=seconds))[0] == 422
    ana = await client(cast.ana_admin)
    assert (await ana.post("/api/tokens")).status == 403, "a session is no program"


async def test_it_holds_as_long_as_was_asked(program, cast) -> None:
    before = time.time()
    answer = await program.post(
        "/api/tokens",
        params={"user": cast.luis_colleague.email},
        headers={"X-API-Key": cast.norte_key},
        json={"seconds": 600},
    )
    said = await answer.json()
    end = datetime.fromisoformat(said["expiresAt"]).timestamp()
    assert before + 599 < end <= time.time() + 600


async def test_two_secrets_hold_while_they_are_changed_and_no_third(make, ask) -> None:
    assert jwt.decode(await make(), NEW, ["HS256"], audience="campana"), "the first one signs"
    assert (await ask(await changed(make, OLD)))[0] == 200
    status, said = await ask(await changed(make, GONE))
    assert (status, said["detail"]) == (401, "This token is not signed by us.")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": int(time.time()) - 1}, "expired_token"),
        ({"exp": None}, "unauthorized"),
        ({"exp": "soon"}, "unauthorized"),
        ({"exp": 1e300}, "unauthorized"),
        ({"nbf": int(time.time()) + 600}, "unauthorized"),
        ({"aud": "another"}, "unauthorized"),
        ({"iss": "https://evil.test"}, "unauthorized"),
        ({"sub": None}, "unauthorized"),
        ({"sub": "luis@norte.test"}, "unauthorized"),
        ({"key": "00000000-0000-0000-0000-000000000000"}, "unauthorized"),
        ({"key": 7}, "unauthorized"),
        ({"tenant": None}, "unauthorized"),
        ({"tenant": "norte"}, "unauthorized"),
    ],
)
async def test_claims_that_do_not_hold(make, ask, changes, code) -> None:
    status, said = await ask(await changed(make, **changes))
    assert (status, said["code"]) == (401, code)


async def test_keys_and_people_stay_in_their_tenants(make, ask, cast) -> None:
    for changes in (
        {"tenant": str(cast.sur)},
        {"sub": str(cast.eva_stranger.id)},
        {"tenant": str(cast.sur), "sub": str(cast.eva_stranger.id)},
    ):
        assert (await ask(await changed(make, **changes)))[0] == 401


async def test_other_signatures_are_none(make, ask) -> None:
    claims = jwt.decode(await make(), options={"verify_signature": False})
    for kind in ("none", "None", "nOnE"):
        forged = f"{encoded({'alg': kind, 'typ': 'JWT'})}.{encoded(claims)}."
        assert (await ask(forged))[0] == 401
    assert (await ask(await changed(make, algorithm="HS512")))[0] == 401


@pytest.mark.usefixtures("without_sweeps")
async def test_it_ends_with_its_key_and_so_does_its_stream(
    live_app, db, owner, http, site, make, ask, cast
) -> None:
    token = await make()
    luis = Ear(http, f"{site}/api/stream", headers=bearer(token))
    await (await luis.open()).hears("hello")
    key_id = await owner.fetchval("select id from campana.api_key where name = $1", cast.norte_key)
    await keys.revoke(db, cast.norte, key_id, actor="test")
    await luis.ended()
    assert (await ask(token))[0] == 401


async def test_it_ends_with_its_person_and_has_the_rights_of_the_moment(db, make, ask, cast):
    token = await make()
    await users.change_role(db, cast.norte, cast.luis_colleague.id, "ADMIN", actor="test")
    assert (await ask(token))[0] == 200
    await users.deactivate(db, cast.norte, cast.luis_colleague.id, actor="test")
    assert (await ask(token))[0] == 401


async def test_without_a_secret_there_are_none(db, cast) -> None:
    luis = await keys.identify(db, cast.norte_key, cast.luis_colleague.email)
    with pytest.raises(Conflict, match="makes no tokens"):
        own_tokens.make((), luis, 60)
    token, _ = own_tokens.make((GONE,), luis, 60)
    with pytest.raises(Unauthorized, match="not signed by us"):
        await own_tokens.identify(db, (), token)
