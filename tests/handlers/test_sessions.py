"""Signing in and out, and how long that lasts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest

from campana import passwords, sessions, users
from handlers.session_storage import COOKIE
from tests.conftest import signed_in

HTML = {"Accept": "text/html"}


async def sign_in(browser, email="ana@norte.test", password="demo", **fields):
    return await browser.post(
        "/login",
        data={"email": email, "password": password, **fields},
        allow_redirects=False,
        headers=HTML,
    )


def session_cookie(answer):
    return SimpleCookie(answer.headers.get("Set-Cookie", ""))[COOKIE]


async def is_signed_in(browser):
    answer = await browser.get("/login", allow_redirects=False)
    return answer.status == 303


async def test_the_right_password_opens_a_session_and_sign_out_ends_it(client, cast, owner):
    browser = await client()
    assert not await is_signed_in(browser)

    answer = await sign_in(browser, email=" Ana@Norte.test ")

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert await is_signed_in(browser)
    token = session_cookie(answer).value
    assert await owner.fetchval("select user_id from campana.session") == cast.ana_admin.id

    answer = await browser.post("/logout", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert not await is_signed_in(browser)
    assert await owner.fetchval("select count(*) from campana.session") == 0
    stolen = await client()
    stolen.session.cookie_jar.update_cookies({COOKIE: token})
    assert not await is_signed_in(stolen)


async def test_the_database_never_sees_the_token(client, owner):
    answer = await sign_in(await client())
    token = session_cookie(answer).value
    row = await owner.fetchrow("select token_hash, data from campana.session")
    assert row["token_hash"] == sessions.token_hash(token)
    assert token not in str(row["data"])


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    cookie = session_cookie(await sign_in(await client()))
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 30 * 24 * 3600
    assert not cookie["secure"]  # plain http on loopback


@pytest.mark.settings(public_url="https://bell.example.com")
async def test_behind_tls_the_cookie_is_secure(client):
    browser = await client(Origin="https://bell.example.com")
    answer = await sign_in(browser)
    assert session_cookie(answer)["secure"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@norte.test", "wrong"),
        ("ana@norte.test", ""),
        ("ana@norte.test", "demo😀" * 400),
        ("nobody@norte.test", "demo"),
        ("", ""),
        ("ines@norte.test", "demo"),  # deactivated
        ("' or 1=1 --", "demo"),
    ],
)
async def test_a_wrong_password_or_person_is_refused_in_the_same_words(client, email, password):
    answer = await sign_in(await client(), email, password)
    assert answer.status == 401
    assert 'role="alert"' in await answer.text()
    assert COOKIE not in answer.cookies


async def test_programs_get_the_refusal_as_a_problem(client):
    browser = await client()
    answer = await browser.post("/login", data={"email": "x@y.z", "password": "no"})
    assert answer.status == 401
    assert answer.content_type == "application/problem+json"
    assert (await answer.json())["code"] == "wrong_credentials"


async def test_an_unknown_email_costs_as_much_as_a_wrong_password(client, monkeypatch):
    seen = []
    verify = passwords._verify
    monkeypatch.setattr(
        passwords, "_verify", lambda *given: seen.append(given[0]) or verify(*given)
    )
    browser = await client()
    await sign_in(browser, "nobody@norte.test", "guess")
    await sign_in(browser, "ana@norte.test", "guess")
    assert len(seen) == 2
    assert all(found.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for found in seen)


async def test_every_sign_in_has_a_new_token_and_ends_the_old_one(client, cast, owner):
    browser = await client(cast.luis_colleague)
    planted = browser.session.cookie_jar.filter_cookies(browser.make_url("/"))[COOKIE].value
    answer = await sign_in(browser)
    assert session_cookie(answer).value != planted
    owners = await owner.fetch("select user_id from campana.session")
    assert [row["user_id"] for row in owners] == [cast.ana_admin.id]


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/notifications?unread=1", "/notifications?unread=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
async def test_after_sign_in_one_stays_on_this_site(client, wanted, location):
    answer = await sign_in(await client(), next=wanted)
    assert answer.headers["Location"] == location


async def test_guessing_one_account_is_slowed_down(client, owner):
    browser = await client()
    for _ in range(10):
        assert (await sign_in(browser, password="guess")).status == 401
    answer = await sign_in(browser)  # even the right one must wait now
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 30
    await owner.execute(
        "update campana.sign_in_attempt set window_start = window_start - interval '31 s'"
    )
    assert (await sign_in(browser)).status == 303


async def test_a_hundred_guesses_at_once_are_counted_one_by_one(client):
    browser = await client()
    answers = await asyncio.gather(*(sign_in(browser, password="guess") for _ in range(30)))
    assert sorted(answer.status for answer in answers) == [401] * 10 + [429] * 20


async def test_others_guesses_do_not_lock_out_whoever_signed_in_from_here_before(db):
    home, attacker = "203.0.113.5", "198.51.100.7"
    account = await sessions.authenticate(db, "ana@norte.test", "demo", home)
    await sessions.open_session(db, account, {"user": "ana"}, timedelta(days=1), home)
    for _ in range(10):
        with pytest.raises(sessions.Unauthorized):
            await sessions.authenticate(db, "ana@norte.test", "guess", attacker)
    with pytest.raises(sessions.TooMany):
        await sessions.authenticate(db, "ana@norte.test", "demo", attacker)
    assert await sessions.authenticate(db, "ana@norte.test", "demo", home)


async def test_one_address_cannot_try_everybody(db):
    for number in range(50):
        with pytest.raises(sessions.Unauthorized):
            await sessions.authenticate(db, f"u{number}@norte.test", "demo", "198.51.100.7")
    with pytest.raises(sessions.TooMany) as refusal:
        await sessions.authenticate(db, "ana@norte.test", "demo", "198.51.100.7")
    assert 0 < refusal.value.retry_after <= 12
    assert await sessions.authenticate(db, "ana@norte.test", "demo", "203.0.113.5")


def test_an_ipv6_customer_counts_as_one_address():
    assert sessions.throttled_as("2001:db8::1") == sessions.throttled_as("2001:db8::ffff")
    assert sessions.throttled_as("2001:db8::1") != sessions.throttled_as("2001:db8:0:1::1")
    assert sessions.throttled_as("::ffff:203.0.113.5") == "203.0.113.5"
    assert sessions.throttled_as("") == "unknown"


async def test_an_expired_session_is_none(client, cast, owner):
    browser = await client(cast.ana_admin)
    assert await is_signed_in(browser)
    await owner.execute("update campana.session set expires_at = now() - interval '1 s'")
    assert not await is_signed_in(browser)


async def test_a_session_in_use_lives_on_but_is_written_once_a_day_only(client, cast, owner):
    browser = await client(cast.ana_admin)
    before = await owner.fetchval("select expires_at from campana.session")
    answer = await browser.get("/login", allow_redirects=False)
    assert "Set-Cookie" not in answer.headers
    assert await owner.fetchval("select expires_at from campana.session") == before

    await owner.execute("update campana.session set expires_at = now() + interval '28 days'")
    answer = await browser.get("/login", allow_redirects=False)
    assert int(session_cookie(answer)["max-age"]) == 30 * 24 * 3600
    left = await owner.fetchval("select expires_at from campana.session") - datetime.now(UTC)
    assert left > timedelta(days=29, hours=23)


@pytest.mark.parametrize("change", ["deactivate", "role", "password", "tenant"])
async def test_whoever_loses_rights_is_out_at_once(client, cast, db, owner, change):
    luis = cast.luis_colleague
    browser, bystander = await client(luis), await client(cast.rosa_colleague)
    assert await is_signed_in(browser)
    if change == "deactivate":
        await users.deactivate(db, luis.tenant_id, luis.id, actor="ana@norte.test")
    elif change == "role":
        await users.change_role(db, luis.tenant_id, luis.id, "COOK", actor="ana@norte.test")
    elif change == "password":
        await users.change_password(db, luis.tenant_id, luis.id, "new", actor="luis@norte.test")
    else:
        await owner.execute("update campana.tenant set active = false where slug = 'norte'")
    assert not await is_signed_in(browser)
    if change == "tenant":
        return
    assert await is_signed_in(bystander)
    action = await owner.fetchval("select action from campana.audit order by id desc limit 1")
    assert change in action


async def test_signing_out_ends_that_session_only(client, cast):
    phone, laptop = await client(cast.ana_admin), await client(cast.ana_admin)
    await phone.post("/logout")
    assert not await is_signed_in(phone)
    assert await is_signed_in(laptop)


async def test_reactivated_people_sign_in_anew(client, cast, db):
    ines = cast.ines_inactive
    await users.activate(db, ines.tenant_id, ines.id, actor="ana@norte.test")
    browser = await client()
    assert (await sign_in(browser, "ines@norte.test")).status == 303


async def test_a_garbage_cookie_is_no_session(client):
    browser = await client()
    for value in ("x", "%00", "é" * 50, "a" * 4000):
        answer = await browser.get("/login", headers={"Cookie": f"{COOKIE}={value}"})
        assert answer.status == 200


async def test_the_demo_offers_everybody_with_one_click(client):
    page = await (await (await client()).get("/login")).text()
    assert page.count('value="demo"') == 15
    assert "cocina@pupuseria.demo" in page


@pytest.mark.settings(demo=False)
async def test_without_demo_mode_nobody_is_offered(client):
    page = await (await (await client()).get("/login")).text()
    assert 'name="password"' in page
    assert "cocina@pupuseria.demo" not in page


async def test_a_person_has_at_most_a_hundred_sessions(client, cast, db, owner):
    first = await client(cast.ana_admin)
    tokens = [await signed_in(db, cast.ana_admin) for _ in range(100)]
    assert await owner.fetchval("select count(*) from campana.session") == 100
    assert not await is_signed_in(first)
    assert await sessions.find(db, tokens[0])
    assert await sessions.find(db, tokens[-1])


async def test_the_clock_forgets_what_is_over(db, cast, owner):
    await signed_in(db, cast.ana_admin)
    await owner.execute("update campana.session set expires_at = now() - interval '1 s'")
    await owner.execute(
        "update campana.sign_in_attempt set window_start = now() - interval '31 days'"
    )
    assert await sessions.forget_old(db) == 1
    assert await owner.fetchval("select count(*) from campana.sign_in_attempt") == 0
