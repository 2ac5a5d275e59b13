"""When something goes wrong people read what happened and what to do; programs get a problem."""

from __future__ import annotations

import pytest
from aiohttp import web

from campana.errors import CampanaError, Conflict, FieldError, Invalid, TooMany, Unavailable
from handlers.guards import anyone
from tests.conftest import SignIn

PAGE = {"Accept": "text/html"}
BROKEN = {
    "409": Conflict(),
    "422": Invalid(errors=[FieldError("total", "invalid_value", "x", kind="int_parsing")]),
    "429": TooMany(retry_after=7),
    "500": CampanaError("secret insides"),
    "503": Unavailable(),
}
TITLES = {
    "409": ("Alguien se adelantó", "Somebody was faster"),
    "422": ("Algo no está bien", "Something is not right"),
    "429": ("Demasiado rápido", "Too fast"),
    "500": ("Error nuestro", "Our mistake"),
    "503": ("Un momento", "One moment"),
}


@pytest.fixture
def app(app):  # type: ignore[no-untyped-def]
    app.router.add_get("/test/{status}", broken)
    app.router.add_post("/test/{status}", broken)
    return app


@anyone
async def broken(request: web.Request) -> web.Response:
    raise BROKEN[request.match_info["status"]]


@pytest.mark.parametrize("status", BROKEN)
async def test_people_get_a_page_in_their_language_with_a_way_back(
    client: SignIn, status: str
) -> None:
    for language, title in zip(("es", "en"), TITLES[status], strict=True):
        browser = await client(**PAGE, **{"Accept-Language": language})
        answer = await browser.get(f"/test/{status}")
        text = await answer.text()
        assert answer.status == int(status)
        assert f">{title}</h1>" in text
        assert f"<title>{title} · Campana</title>" in text
        assert "secret insides" not in text
        assert (f'href="/test/{status}"' in text) == (status in ("429", "500", "503"))


@pytest.mark.parametrize("status", BROKEN)
async def test_programs_get_a_problem(client: SignIn, status: str) -> None:
    answer = await (await client()).get(f"/test/{status}")
    assert (answer.status, answer.content_type) == (int(status), "application/problem+json")


async def test_after_a_form_the_way_back_is_the_page_it_was_on(client: SignIn) -> None:
    browser = await client(**PAGE)
    before = {"Referer": str(browser.make_url("/sales/new?x=1"))}
    text = await (await browser.post("/test/409", headers=before)).text()
    assert 'href="/sales/new?x=1"' in text
    assert 'href="/test/409"' not in text


@pytest.mark.parametrize("sent", [{}, {"HX-Request": "true"}], ids=["by itself", "by htmx"])
async def test_a_form_sent_to_the_api_is_answered_to_people(
    client: SignIn,
    cast,  # type: ignore[no-untyped-def]
    sent: dict[str, str],
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"} | sent
    browser = await client(cast.ana_admin, **PAGE)
    before = {"Referer": str(browser.make_url("/notifications"))}
    path = "/api/topics/sale:0198c0de-0000-7000-8000-000000000000/join"
    answer = await browser.post(path, headers=form | before)
    text = await answer.text()
    assert (answer.status, answer.content_type) == (404, "text/html")
    assert 'href="/notifications">' in text

    nobody = await client(**PAGE)
    left = await nobody.post(path, headers=form, allow_redirects=False)
    where = left.headers.get("Location", left.headers.get("HX-Redirect"))
    assert (left.status, where) == (401 if sent else 303, "/login")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"},
        {"Accept": "text/html", "Content-Type": "application/json"},
    ],
)
async def test_programs_get_a_problem_from_the_api(
    client: SignIn,
    cast,  # type: ignore[no-untyped-def]
    headers: dict[str, str],
) -> None:
    browser = await client(cast.ana_admin)
    answer = await browser.post("/api/topics/no:such/join", headers=headers)
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_who_must_wait_reads_how_long(client: SignIn) -> None:
    answer = await (await client(**PAGE)).get("/test/429")
    assert "Espera 7 segundos." in await answer.text()
    assert answer.headers["Retry-After"] == "7"


async def test_our_mistakes_have_a_number_to_ask_for(client: SignIn) -> None:
    answer = await (await client(**PAGE)).get("/test/500")
    assert f"<code>{answer.headers['X-Request-ID']}</code>" in await answer.text()


@pytest.mark.parametrize(
    ("language", "query", "words"),
    [
        ("es", "filter=zz", "Elige entre:"),
        ("en", "filter=zz", "Choose one of:"),
        ("es", "before=x", "Escribe un número entero."),
        ("es", "before=0", "Como mínimo 1."),
        ("en", "type=" + "x" * 500, "At most"),
    ],
)
async def test_what_is_wrong_with_an_address_is_said_in_the_reader_s_language(
    client: SignIn,
    cast,
    language: str,
    query: str,
    words: str,  # type: ignore[no-untyped-def]
) -> None:
    browser = await client(cast.ana_admin, **PAGE)
    await browser.post("/appearance", data={"locale": language}, allow_redirects=False)
    answer = await browser.get(f"/notifications?{query}")
    text = await answer.text()
    assert answer.status == 422
    assert words in text
    assert "Input should" not in text


async def test_around_an_error_are_the_bell_and_the_ways_on(client: SignIn, cast) -> None:  # type: ignore[no-untyped-def]
    """Whether the door was closed or there was none."""
    browser = await client(cast.luis_colleague, **PAGE)
    for path, status in (("/sales", 403), ("/nowhere", 404), ("/notifications?before=x", 422)):
        answer = await browser.get(path)
        text = await answer.text()
        assert answer.status == status
        assert 'href="/sales/mine"' in text
        assert 'id="bell-badge"' in text
