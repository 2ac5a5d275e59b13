"""What a search found is seen, however deep in a message it is."""

from __future__ import annotations

import re
from html import unescape

import pytest

from campana.db import Database
from tests.cast import Cast
from tests.conftest import Browser, SignIn
from tests.post import post

FILLER = "Traigan los números del mes. "


@pytest.fixture
async def ana(client: SignIn, cast: Cast) -> Browser:
    return await client(cast.ana_admin)


async def shown(browser: Browser, q: str) -> str:
    """The message of the one row that is found, as it stands in the page."""
    answer = await browser.get("/notifications/list", params={"q": q})
    page = await answer.text()
    (message,) = re.findall(r'<p class="row-message"[^>]*>(.*?)</p>', page)
    return unescape(message)


@pytest.mark.parametrize("repeated", [4, 30, 120])
async def test_the_excerpt_leads_up_to_the_first_match(
    db: Database, ana: Browser, repeated: int
) -> None:
    await post(db, {"title": "Reunión", "message": FILLER * repeated + "Se habla del inventario."})
    message = await shown(ana, "inventarios")
    assert message.startswith("… ")
    assert message.endswith("Se habla del <mark>inventario</mark>.")
    assert len(message) < 80
    assert (await shown(ana, "reunión")).startswith(FILLER)
    assert (await shown(ana, "numeros")).startswith("Traigan los <mark>números</mark>")


async def test_a_long_word_and_markup_stay_whole(db: Database, ana: Browser) -> None:
    word = "x" * 100
    await post(db, {"title": "a", "message": word}, {"title": "b", "message": f"{'<b>' * 40} sí"})
    assert await shown(ana, word[:90]) == f"<mark>{word}</mark>"
    answer = await ana.get("/notifications/list", params={"q": "sí"})
    assert "&lt;b&gt; <mark>sí</mark>" in await answer.text()
