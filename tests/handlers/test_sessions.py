"""Signing in and out."""

from __future__ import annotations


async def test_a_person_signs_in_with_the_password_and_out_again(client, cast):
    browser = await client()
    answer = await browser.post(
        "/login", data={"email": "Ana@norte.test ", "password": "demo"}, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/")
