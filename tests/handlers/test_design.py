"""The page of all components, for whoever tries Campana out."""

from __future__ import annotations

import pytest

from tests.conftest import SignIn


async def test_in_demo_mode_everybody_sees_it(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    for who in (None, cast.ana_admin):
        answer = await (await client(who)).get("/design")
        assert answer.status == 200
        assert (await answer.text()).count('data-theme="dark"') >= 15


@pytest.mark.settings(demo=False)
async def test_elsewhere_there_is_no_such_page(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    for who in (None, cast.ana_admin):
        assert (await (await client(who)).get("/design")).status == 404


async def test_buttons_of_notifications_are_there_in_every_state(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    page = await (await (await client(cast.ana_admin)).get("/design")).text()
    for state in ("data-act", 'aria-busy="true"', "acted-done", 'class="acted"', "acted-failed"):
        assert page.count(state) >= 2, state
    assert page.count("<dialog open") == 2
    assert 'data-density="compact"' in page
