"""What tests of the pages of administration share: forms as a browser sends them."""

from __future__ import annotations

import html
import re
from typing import Any, NamedTuple

from tests.conftest import Browser

PAGE = {"Accept": "text/html"}


class Answer(NamedTuple):
    """What came back, redirects not followed."""

    status: int
    location: str
    text: str


async def look(browser: Browser, path: str, **headers: str) -> Answer:
    answer = await browser.get(path, headers=PAGE | headers, allow_redirects=False)
    return Answer(answer.status, answer.headers.get("Location", ""), await answer.text())


async def send(browser: Browser, path: str, form: Any = (), **headers: str) -> Answer:
    """form: a mapping, or pairs where a name is repeated."""
    answer = await browser.post(
        path, data=form or "", headers=_form(headers), allow_redirects=False
    )
    return Answer(answer.status, answer.headers.get("Location", ""), await answer.text())


def was(text: str) -> str:
    """What the form on this page was drawn with."""
    found = re.search(r'name="was" value="([^"]*)"', text)
    assert found, "no form that edits"
    return html.unescape(found[1])


def secret(text: str) -> str:
    """What the page shows this once."""
    found = re.search(r'id="secret" value="([^"]*)"', text)
    assert found, "no secret"
    return html.unescape(found[1])


def _form(headers: dict[str, str]) -> dict[str, str]:
    return PAGE | {"Content-Type": "application/x-www-form-urlencoded"} | headers
