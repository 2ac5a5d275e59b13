"""Unsafe requests with a cookie come from our own pages, or not at all."""

from __future__ import annotations

import pytest

PUBLIC = "https://bell.example.com"


async def log_out(browser, **headers):
    answer = await browser.post("/logout", headers=headers, allow_redirects=False)
    return answer.status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, 303),
        ({"Sec-Fetch-Site": "x"}, 403),
    ],
)
async def test_only_our_own_pages_may_post(client, cast, headers, status):
    browser = await client(cast.ana_admin, Origin="https://evil.example")
    assert await log_out(browser, **headers) == status


async def test_a_browser_that_says_nothing_is_refused(client, cast):
    browser = await client(cast.ana_admin)
    del browser.session.headers["Origin"]
    assert await log_out(browser) == 403


async def test_a_script_that_is_no_browser_may_sign_in(client):
    browser = await client()
    del browser.session.headers["Origin"]
    fields = {"email": "ana@norte.test", "password": "demo"}
    answer = await browser.post("/login", data=fields, allow_redirects=False)
    assert answer.status == 303


async def test_nobody_is_signed_in_by_another_site(client):
    browser = await client(Origin="https://evil.example")
    fields = {"email": "ana@norte.test", "password": "demo"}
    answer = await browser.post("/login", data=fields, headers={"Accept": "application/json"})
    assert answer.status == 403
    assert (await answer.json())["code"] == "cross_origin"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.settings(public_url=PUBLIC)
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC, 303),
        (f"{PUBLIC}:443", 303),
        ("http://bell.example.com", 403),
        (f"{PUBLIC}:8443", 403),
    ],
)
async def test_the_public_address_counts_behind_a_proxy(client, cast, origin, status):
    assert await log_out(await client(cast.ana_admin, Origin=origin)) == status


@pytest.mark.settings(trusted_proxies="127.0.0.1")
async def test_a_trusted_proxy_says_where_the_browser_is(client, cast):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "bell.example.com"}
    browser = await client(cast.ana_admin, Origin=PUBLIC)
    answer = await browser.post("/logout", headers=told, allow_redirects=False)
    assert answer.status == 303
    assert "Strict-Transport-Security" in answer.headers


async def test_anybody_else_says_nothing(client, cast):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "bell.example.com"}
    assert await log_out(await client(cast.ana_admin, Origin=PUBLIC), **told) == 403


@pytest.mark.settings(trusted_proxies="127.0.0.1, 10.0.0.0/8")
@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("6.6.6.6, 203.0.113.5, 10.1.2.3", "203.0.113.5"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("[2001:db8::1]:80", "2001:db8::"),
        ("nonsense", "unknown"),
        ("", "127.0.0.1"),
    ],
)
async def test_behind_a_trusted_proxy_each_browser_counts_by_itself(
    client, owner, forwarded, counted
):
    browser = await client()
    fields = {"email": "ana@norte.test", "password": "guess"}
    await browser.post("/login", data=fields, headers={"X-Forwarded-For": forwarded})
    subjects = await owner.fetch("select subject from campana.sign_in_attempt")
    assert f"address:{counted}" in [row["subject"] for row in subjects]


async def test_another_sites_page_cannot_load_what_only_we_may_see(client, cast):
    browser = await client(cast.ana_admin)
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await browser.get("/login", headers=embedded, allow_redirects=False)).status == 403
    assert (await browser.get("/login", headers=linked, allow_redirects=False)).status == 303
