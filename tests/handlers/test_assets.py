"""Static files are found, kept, zipped, and never more than static files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from yarl import URL

from campana import assets
from campana.assets import ROOT, SCRIPTS, STYLES, asset, scripts, sheets
from tests.conftest import SignIn
from tests.waiting import eventually


async def test_a_fingerprinted_file_is_kept_for_ever(client: SignIn) -> None:
    browser = await client()
    answer = await browser.get(asset("vendor/htmx-4.0.1.min.js"))
    assert answer.status == 200
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert await answer.read() == (ROOT / "vendor" / "htmx-4.0.1.min.js").read_bytes()


async def test_without_or_with_an_old_fingerprint_it_is_asked_for_again(client: SignIn) -> None:
    browser = await client()
    for address in ("/static/js/page.js", "/static/js/page.js?v=0123456789"):
        answer = await browser.get(address)
        assert answer.headers["Cache-Control"] == "no-cache"
        known = {"If-None-Match": answer.headers["ETag"]}
        assert (await browser.get(address, headers=known)).status == 304


async def test_texts_travel_zipped_to_those_who_can_read_that(client: SignIn) -> None:
    browser = await client()
    zipped = await browser.get("/static/css/base.css", headers={"Accept-Encoding": "gzip"})
    plain = await browser.get("/static/css/base.css", headers={"Accept-Encoding": "identity"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert int(zipped.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert await zipped.read() == await plain.read()


async def test_sheets_and_scripts_travel_together_without_what_only_people_read(
    client: SignIn,
) -> None:
    browser = await client()
    for path, files in ((STYLES, sheets()), (SCRIPTS, scripts())):
        answer = await browser.get(asset(path))
        text = await answer.text()
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert 0.5 < len(text) / sum(file.stat().st_size for file in files) < 0.95
        assert not any(line.startswith(("/*", "//", " ")) for line in text.splitlines())
    assert text.count("'use strict'") >= len(scripts()) - 1


async def test_a_change_of_one_sheet_changes_the_address_of_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT, tmp_path / "static")
    monkeypatch.setattr(assets, "ROOT", tmp_path / "static")
    before = asset(STYLES)
    with (tmp_path / "static" / "css" / "base.css").open("a") as sheet:
        sheet.write("a { color: red; }")
    await eventually(lambda: asset(STYLES) != before, 2)


@pytest.mark.parametrize(
    "path",
    [
        "../main.py",
        "%2e%2e/main.py",
        "..%2fmain.py",
        "css/../../main.py",
        "/etc/passwd",
        "css",
        "nowhere.js",
        "nowhere/../nowhere.js",
        "js/page.js/x",
        "a%00b",
        "a" * 5000,
        "%ff%fe",
    ],
)
async def test_nothing_else_is_served(client: SignIn, path: str) -> None:
    browser = await client()
    url = URL(f"{browser.make_url('/')}static/{path}", encoded=True)
    answer = await browser.session.get(url)
    assert answer.status in (400, 404)
    assert "Composition root" not in await answer.text()


async def test_a_detour_in_the_path_leads_to_the_file(client: SignIn) -> None:
    browser = await client()
    url = URL(f"{browser.make_url('/')}static/nowhere/../js/page.js", encoded=True)
    assert (await browser.session.get(url)).status == 200
