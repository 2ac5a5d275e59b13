"""The page of all components, for whoever tries Campana out."""

from __future__ import annotations

import pytest

from tests.conftest import SignIn


async def test_in_demo_mode_everybody_sees_it(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    for who in (None, cast.ana_admin):
        answer = await (await client(who)).get("/design")
        assert answer.status == 200
        assert (await answer.text()).count('data-theme="dark"') >= 10


@pytest.mark.settings(demo=False)
async def test_elsewhere_there_is_no_such_page(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    for who in (None, cast.ana_admin):
        assert (await (await client(who)).get("/design")).status == 404
