"""The manifest, the service worker, and the page it keeps."""

from __future__ import annotations

import re
import struct

import pytest

from campana.assets import STYLES, asset
from tests.conftest import SignIn


@pytest.mark.parametrize(("language", "word"), [("es", "Notificaciones"), ("en", "Notifications")])
async def test_the_manifest_speaks_the_reader_s_language(
    client: SignIn, language: str, word: str
) -> None:
    browser = await client(**{"Accept-Language": language})
    answer = await browser.get("/manifest.webmanifest")
    assert answer.content_type == "application/manifest+json"
    manifest = await answer.json(content_type=None)
    assert manifest["lang"] == language
    assert manifest["shortcuts"][0]["name"] == word
    assert (manifest["start_url"], manifest["scope"]) == ("/", "/")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}


async def test_every_icon_is_there_and_as_large_as_it_says(client: SignIn) -> None:
    browser = await client()
    manifest = await (await browser.get("/manifest.webmanifest")).json(content_type=None)
    for icon in manifest["icons"]:
        answer = await browser.get(icon["src"])
        assert (answer.status, answer.content_type) == (200, icon["type"])
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", (await answer.read())[16:24])
            assert icon["sizes"] == f"{width}x{height}"


async def test_the_worker_is_asked_for_again_and_names_what_it_keeps(client: SignIn) -> None:
    browser = await client()
    answer = await browser.get("/sw.js")
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    kept = re.findall(r'"([^"]+)"', (await answer.text()).partition("\n")[0])
    assert asset(STYLES) in kept
    for path in kept:
        assert (await browser.get(path)).status == 200


async def test_the_page_for_no_connection_is_nobody_s(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    ana, nobody = await client(cast.ana_admin), await client()
    hers, theirs = [await (await who.get("/offline")).text() for who in (ana, nobody)]
    now = re.compile(r'data-now="[^"]*"')
    assert now.sub("", hers) == now.sub("", theirs)
    assert cast.ana_admin.name not in hers
