"""Rights of a role that change while its people have pages and streams open."""

from __future__ import annotations

from tests.corridor.conftest import everybody_hears, http, listen, publish, site
from tests.handlers.admin import look

__all__ = ["http", "listen", "publish", "site"]  # fixtures


async def ask(browser, **drawn):
    answer = await browser.get("/rights", params=drawn, headers={"HX-Request": "true"})
    return answer.status, answer.headers.get("HX-Refresh"), await answer.text()


async def test_a_page_learns_what_to_do_when_rights_have_changed(
    client, let_administer, cast
) -> None:
    luis = await client(cast.luis_colleague)
    assert (await ask(luis, administers="0"))[0] == 204
    await let_administer("STAFF", may=True)
    status, anew, said = await ask(luis, administers="0")
    assert (status, anew) == (200, None), "nothing is taken away, so nobody is interrupted"
    assert "Tus permisos han cambiado." in said
    await let_administer("STAFF", may=False)
    assert (await ask(luis, administers="1"))[:2] == (200, "true")
    assert (await ask(luis, administers="1", draft="1"))[:2] == (200, None), "what is typed stays"
    assert (await (await client()).get("/rights", allow_redirects=False)).status in (303, 401)


async def test_pages_say_how_they_were_drawn(client, cast) -> None:
    for member, path, drawn in (
        (cast.ana_admin, "/admin", "administers=1&amp;draft=0"),
        (cast.luis_colleague, "/sales/new", "administers=0&amp;draft=1"),
    ):
        assert f'hx-get="/rights?{drawn}"' in (await look(await client(member), path)).text


async def test_whoever_has_the_role_hears_of_it_and_streams_go_on(
    listen,
    publish,
    let_administer,
    cast,
) -> None:
    luis, carlos = await listen(cast.luis_colleague), await listen(cast.carlos_cook)
    await let_administer("STAFF", may=True)
    await luis.hears("rights:changed")
    await everybody_hears(publish, [luis, carlos])
    assert not carlos.named("rights:changed")
    assert luis.connections == 1
