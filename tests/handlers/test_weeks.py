"""Days of work are listed as the reader's week has them: where somebody is decides the first."""

from __future__ import annotations

import re

import pytest

from campana.i18n import use_locale
from campana.preferences.words import days_in_words
from tests.cast import Cast
from tests.conftest import Browser, SignIn

FROM_SUNDAY = ["64", "1", "2", "4", "8", "16", "32"]
FROM_MONDAY = [*FROM_SUNDAY[1:], "64"]
DAYS = {"sunday": "64", "monday": "1", "tuesday": "2", "wednesday": "4", "thursday": "8"}
DAYS |= {"friday": "16", "saturday": "32"}


async def listed(browser: Browser, path: str) -> list[str]:
    """The bits of the days, in the order of the page."""
    html = await (await browser.get(path)).text()
    if path == "/preferences":
        return [DAYS[day] for day in re.findall(r'name="(\w+day)" value="on"', html)]
    return re.findall(r'name="day" value="(\d+)"', html)


@pytest.mark.parametrize(
    ("zone", "order"),
    [
        (None, FROM_SUNDAY),  # that of the tenant: America/El_Salvador
        ("Europe/Madrid", FROM_MONDAY),
        ("America/Argentina/Buenos_Aires", FROM_MONDAY),
        ("Asia/Calcutta", FROM_SUNDAY),  # an old name
        ("UTC", FROM_MONDAY),
    ],
)
async def test_every_page_begins_the_week_where_its_reader_does(
    client: SignIn, cast: Cast, zone: str | None, order: list[str]
) -> None:
    ana = await client(cast.ana_admin)
    await ana.patch("/api/notifications/preferences", json={"timeZone": zone})
    for path in ("/preferences", "/admin/attention", "/admin/policy?layer=STAFF"):
        assert await listed(ana, path) == order, path


def test_sentences_do_too() -> None:
    weekend = 64 + 32 + 1
    with use_locale("es", "America/El_Salvador"):
        assert days_in_words(weekend) == "dom, lun, sáb"
    with use_locale("es", "Europe/Madrid"):
        assert days_in_words(weekend) == "lun, sáb, dom"
    with use_locale("en", "Nowhere/At_All"):
        assert days_in_words(weekend) == "Mon, Sat, Sun"
