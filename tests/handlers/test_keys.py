"""Programs and their keys: what a key may do, for whom, and when no more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from campana import keys
from campana.errors import Invalid, NotFound, Unauthorized
from campana.keyring import Keyring
from campana.keys import KeyIdentity
from handlers import replies
from handlers.guards import administers, program, signed_in, tenant_of
from tests.waiting import eventually

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl"


@pytest.fixture
def app(app):
    """With a few routes of the shapes there are."""
    app.router.add_get("/api/test/person", signed_in(say_who))
    app.router.add_post("/api/test/person", signed_in(say_who))
    app.router.add_get("/api/test/admin", administers(say_who_else))
    app.router.add_post("/api/test/publish", program("publish")(say_who_asks))
    app.router.add_get("/api/test/read", program("read", people="administrators")(say_to_all))
    app.router.add_get("/test/page", signed_in(say_to_reader))
    return app


async def _who(request: web.Request) -> web.Response:
    person, key = request["person"], request["key"]
    return replies.json(
        {
            "email": person.email if person else None,
            "key": key.name if key else None,
            "tenant": tenant_of(request).slug,
            "credential": person.credential if person else None,
        }
    )


# One function each: a guard belongs to one handler.
async def say_who(request):
    return await _who(request)


async def say_who_else(request):
    return await _who(request)


async def say_who_asks(request):
    return await _who(request)


async def say_to_all(request):
    return await _who(request)


async def say_to_reader(request):
    return await _who(request)


async def ask(browser, path, *, method="GET", **headers):
    answer = await browser.request(method, path, headers=headers, allow_redirects=False)
    return answer.status, await answer.json()


async def test_a_key_is_shown_once_and_kept_as_a_hash(db, cast, owner):
    key, key_id = await keys.create(
        db, cast.norte, name="Caja", scopes=["publish"], actor="ana@norte.test"
    )
    assert key.startswith("ck_")
    row = await owner.fetchrow("select * from campana.api_key where id = $1", key_id)
    assert row["prefix"] == key[:11]
    assert key not in str(dict(row))
    identity = await keys.identify(db, key)
    assert (identity.tenant_id, identity.scopes) == (cast.norte, {"publish"})
    audit = await owner.fetchrow("select * from campana.audit order by id desc limit 1")
    assert (audit["actor"], audit["action"]) == ("ana@norte.test", "key.create")
    assert key not in str(dict(audit))


async def test_a_key_is_accepted_in_either_header(client, cast):
    browser = await client()
    for headers in (
        {"X-API-Key": cast.norte_key},
        {"Authorization": f"Bearer {cast.norte_key}"},
        {"Authorization": f"bearer  {cast.norte_key} "},
    ):
        status, said = await ask(browser, "/api/test/publish", method="POST", **headers)
        assert (status, said["tenant"], said["key"]) == (200, "norte", cast.norte_key)


async def test_a_key_does_what_its_scopes_say_and_nothing_else(client, cast):
    browser = await client()
    status, said = await ask(
        browser, "/api/test/publish", method="POST", **{"X-API-Key": cast.norte_read_key}
    )
    assert (status, said["code"]) == (403, "missing_scope")
    status, _ = await ask(browser, "/api/test/read", **{"X-API-Key": cast.norte_read_key})
    assert status == 200
    status, said = await ask(
        browser,
        f"/api/test/person?user={cast.ana_admin.email}",
        **{"X-API-Key": cast.norte_read_key},
    )
    assert (status, said["code"]) == (403, "missing_scope")


async def test_a_key_acts_for_a_person_of_its_tenant_by_email_or_id(client, cast):
    browser = await client()
    for who in (cast.luis_colleague.email, "LUIS@norte.test", str(cast.luis_colleague.id)):
        status, said = await ask(
            browser, f"/api/test/person?user={who}", **{"X-API-Key": cast.norte_key}
        )
        assert (status, said["email"], said["credential"]) == (200, "luis@norte.test", "key")


@pytest.mark.parametrize("who", ["eva", "ines", "nobody", "%25", "'", "a" * 300])
async def test_for_strangers_and_inactive_people_there_is_nobody(client, cast, who):
    someone = {"eva": cast.eva_stranger.email, "ines": cast.ines_inactive.email}.get(who, who)
    browser = await client()
    status, said = await ask(
        browser, f"/api/test/person?user={someone}", **{"X-API-Key": cast.norte_key}
    )
    assert (status, said["code"]) == (404, "not_found")


async def test_acting_for_somebody_gives_no_more_than_that_persons_rights(client, cast):
    browser, header = await client(), {"X-API-Key": cast.norte_key}
    luis, ana = cast.luis_colleague.email, cast.ana_admin.email
    assert (await ask(browser, f"/api/test/admin?user={luis}", **header))[0] == 403
    assert (await ask(browser, f"/api/test/admin?user={ana}", **header))[0] == 200


async def test_a_key_alone_is_told_to_name_a_person(client, cast):
    status, said = await ask(await client(), "/api/test/person", **{"X-API-Key": cast.norte_key})
    assert (status, said["code"], said["field"]) == (422, "missing", "user")


@pytest.mark.parametrize("dead", ["unknown", "revoked", "expired", "long", "nul"])
async def test_a_dead_key_is_refused_even_beside_a_living_session(client, cast, dead):
    key = {
        "unknown": "ck_00000000_nothing",
        "revoked": cast.norte_revoked_key,
        "expired": cast.norte_expired_key,
        "long": cast.norte_key + "x" * 1000,
        "nul": "ck_é",
    }[dead]
    browser = await client(cast.ana_admin)
    status, said = await ask(browser, "/api/test/person", **{"X-API-Key": key})
    assert status == 401
    assert said["code"] == ("expired_key" if dead == "expired" else "unauthorized")


async def test_a_token_of_nobody_we_trust_is_named(client):
    browser = await client()
    answer = await browser.get("/api/test/person", headers={"Authorization": f"Bearer {JWT}"})
    assert answer.status == 401
    assert "token" in (await answer.json())["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_keys_do_not_open_pages(client, cast):
    browser = await client()
    status, _ = await ask(
        browser, f"/test/page?user={cast.ana_admin.email}", **{"X-API-Key": cast.norte_key}
    )
    assert status == 401


async def test_a_signed_in_person_cannot_become_another_by_a_parameter(client, cast):
    browser = await client(cast.luis_colleague)
    _, said = await ask(browser, f"/api/test/person?user={cast.ana_admin.email}")
    assert said["email"] == "luis@norte.test"


async def test_a_demo_key_is_literally_named(client):
    _, said = await ask(
        await client(), "/api/test/publish", method="POST", **{"X-API-Key": "demo-tienda"}
    )
    assert said["tenant"] == "tienda"


async def test_revoking_ends_a_key_at_once_and_only_its_own_tenants(db, cast):
    key, key_id = await keys.create(db, cast.norte, name="Caja", scopes=["read"], actor="ana")
    with pytest.raises(NotFound):
        await keys.revoke(db, cast.sur, key_id, actor="eva")
    assert isinstance(await keys.identify(db, key), KeyIdentity)
    await keys.revoke(db, cast.norte, key_id, actor="ana")
    with pytest.raises(Unauthorized):
        await keys.identify(db, key)
    with pytest.raises(NotFound):
        await keys.revoke(db, cast.norte, key_id, actor="ana")


async def test_who_comes_while_others_ask_shares_the_next_look(db, cast, monkeypatch):
    key, key_id = await keys.create(db, cast.norte, name="Caja", scopes=["read"], actor="ana")
    looks, may_answer, look_up = [], asyncio.Event(), keys.look_up

    async def look_slowly(*shown):
        looks.append(row := await look_up(*shown))
        await may_answer.wait()
        return row

    monkeypatch.setattr(keys, "look_up", look_slowly)
    keyring = Keyring(db)
    early = asyncio.create_task(keyring.identify(key))
    await eventually(lambda: len(looks) == 1)
    await keys.revoke(db, cast.norte, key_id, actor="ana")
    late = [asyncio.create_task(keyring.identify(key)) for _ in range(5)]
    await asyncio.sleep(0)  # they ask
    late.pop().cancel()
    may_answer.set()
    assert isinstance(await early, KeyIdentity)
    for one in late:
        with pytest.raises(Unauthorized):
            await one
    assert len(looks) == 2


async def test_a_look_that_fails_is_told_to_all_and_made_again(db, cast, monkeypatch):
    async def fail(*_):
        raise ConnectionResetError("gone")

    keyring = Keyring(db)
    with monkeypatch.context() as patch:
        patch.setattr(keys, "look_up", fail)
        asked = [keyring.identify(cast.norte_key) for _ in range(3)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in told] == [ConnectionResetError] * 3
    assert isinstance(await keyring.identify(cast.norte_key), KeyIdentity)


async def test_a_key_expires_by_itself(db, cast):
    soon = datetime.now(UTC) + timedelta(hours=1)
    key, key_id = await keys.create(
        db, cast.norte, name="Caja", scopes=["read"], expires_at=soon, actor="ana"
    )
    assert (await keys.identify(db, key)).expires_at == soon
    listed = await keys.of_tenant(db, cast.norte)
    assert key_id in [row["id"] for row in listed]
    assert "key_hash" not in listed[0]


@pytest.mark.parametrize(("name", "scopes"), [("", ["read"]), ("x", []), ("x", ["root"])])
async def test_a_key_needs_a_name_and_known_scopes(db, cast, name, scopes):
    with pytest.raises(Invalid):
        await keys.create(db, cast.norte, name=name, scopes=scopes, actor="ana")
