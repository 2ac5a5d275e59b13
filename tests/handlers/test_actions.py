"""Buttons of notifications that do something: pressed here, done elsewhere, by whom they may be."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from campana import inbox, sessions
from campana.db import Database
from campana.domains import sales
from campana.domains.sales.drafts import Typed, checked
from tests.cast import Cast, Member
from tests.conftest import Browser, SignIn, signed_in
from tests.post import deliver, post

HTMX = {"HX-Request": "true"}
FORM = {"Accept": "text/html,application/xhtml+xml"}
PAY = {"name": "confirm_payment", "method": "post"}


async def person(db: Database, member: Member) -> Any:
    found = await sessions.find(db, await signed_in(db, member))
    assert found
    return found.person


async def sell(db: Database, seller: Member, **more: str) -> UUID:
    """A sale of 12.50 to María, told to the administrators."""
    me = await person(db, seller)
    async with db.tenant(me.tenant_id, me.id) as tx:
        done = await sales.create(tx, me, checked(Typed("María", "12.50")))
    await deliver(db)
    return done.sale.id


async def change(db: Database, member: Member, verb: Any, sale_id: UUID) -> None:
    """Somebody else does it, elsewhere."""
    me = await person(db, member)
    async with db.tenant(me.tenant_id, me.id) as tx:
        await verb(tx, me, sale_id)


async def newest(browser: Browser) -> dict[str, Any]:
    told = await (await browser.get("/api/notifications")).json()
    row: dict[str, Any] = told["notifications"][0]
    return row


async def press(browser: Browser, notification: str, name: str = "confirm_payment") -> Any:
    path = f"/notifications/{notification}/actions/{name}"
    return await browser.post(path, headers=HTMX)


@pytest.fixture
async def ana(client: SignIn, cast: Cast) -> Browser:
    return await client(cast.ana_admin)


async def test_an_unpaid_sale_asks_for_its_payment_in_the_readers_language(
    db: Database, cast: Cast, ana: Browser
) -> None:
    sale = await sell(db, cast.luis_colleague)
    told = await newest(ana)
    assert told["actions"] == [
        PAY | {"label": "Confirmar pago", "url": f"/sales/{sale}/payment", "variant": "primary"},
        {"name": "view_sale", "label": "Ver venta", "url": f"/sales/{sale}", "method": "get"},
    ]
    page = await (await ana.get("/notifications", headers=FORM)).text()
    assert f'<form method="post" action="/notifications/{told["id"]}/actions/confirm_pay' in page

    await ana.post("/appearance", data={"locale": "en"})
    labels = [action["label"] for action in (await newest(ana))["actions"]]
    assert labels == ["Confirm payment", "View sale"]


async def test_a_press_does_it_says_so_and_reads_the_notification(
    db: Database, cast: Cast, ana: Browser
) -> None:
    sale = await sell(db, cast.luis_colleague)
    told = await newest(ana)
    answer = await press(ana, told["id"])
    words = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "Pago confirmado" in words
    assert f'href="/sales/{sale}"' in words
    assert "<form" not in words
    assert (await newest(ana))["isRead"]
    assert "Pagada" in await (await ana.get(f"/sales/{sale}", headers=FORM)).text()

    again = await press(ana, told["id"])
    assert again.status == 409
    assert "La venta 1 ya estaba pagada." in await again.text()


async def test_what_was_decided_elsewhere_is_told_as_a_fact(
    db: Database, cast: Cast, ana: Browser
) -> None:
    sale = await sell(db, cast.luis_colleague)
    told = await newest(ana)
    await change(db, cast.luis_colleague, sales.cancel, sale)
    page = await (await ana.get("/notifications", headers=FORM)).text()
    assert "/actions/confirm_payment" not in page  # a list drawn now no longer offers it

    answer = await press(ana, told["id"])
    assert answer.status == 409
    assert "Esta venta está cancelada." in await answer.text()
    assert (await newest(ana))["id"] == told["id"]


async def test_without_scripts_the_page_says_it_once(
    db: Database, cast: Cast, ana: Browser
) -> None:
    await sell(db, cast.luis_colleague)
    told = await newest(ana)
    path = f"/notifications/{told['id']}/actions/confirm_payment"
    answer = await ana.post(path, headers=FORM, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/notifications")
    page = await (await ana.get("/notifications", headers=FORM)).text()
    assert "flash-success" in page
    assert "Pago confirmado" in page
    assert "flash-success" not in await (await ana.get("/notifications", headers=FORM)).text()


async def test_it_is_found_through_its_reader_and_done_with_the_readers_rights(
    db: Database, cast: Cast, client: SignIn, ana: Browser
) -> None:
    sale = await sell(db, cast.ana_admin)  # whoever made it is not told
    action = PAY | {"label": "Cobrar", "url": f"/sales/{sale}/payment"}
    (sent,) = await post(db, {"audience": "role:STAFF", "title": "¡Cobra!", "actions": [action]})
    luis, eva = await client(cast.luis_colleague), await client(cast.eva_stranger)

    answer = await press(luis, str(sent))
    assert answer.status == 409
    assert "ya no te corresponde" in await answer.text()
    for browser, notification, name in (
        (eva, sent, "confirm_payment"),
        (ana, sent, "confirm_payment"),
        (luis, sent, "other"),
        (luis, uuid4(), "confirm_payment"),
        (luis, "nonsense", "confirm_payment"),
    ):
        assert (await press(browser, str(notification), name)).status == 404
    assert (await press(await client(), str(sent))).status == 401
    assert "Pendiente" in await (await ana.get(f"/sales/{sale}", headers=FORM)).text()


async def test_a_publisher_can_offer_nothing_that_no_business_offers(
    db: Database, cast: Cast, client: SignIn
) -> None:
    action = {"name": "x", "label": "Ver", "method": "post", "url": "/api/notifications/clear"}
    (sent,) = await post(db, {"audience": "role:STAFF", "actions": [action]})
    luis = await client(cast.luis_colleague)
    page = await (await luis.get("/notifications", headers=FORM)).text()
    assert f'id="n-{sent}"' in page
    assert ">Ver<" not in page
    assert (await press(luis, str(sent), "x")).status == 404


async def test_a_deleted_notification_has_no_buttons(
    db: Database, cast: Cast, ana: Browser
) -> None:
    await sell(db, cast.luis_colleague)
    told = await newest(ana)
    await inbox.apply(db, await person(db, cast.ana_admin), inbox.delete, [UUID(told["id"])])
    assert (await press(ana, told["id"])).status == 404


@pytest.mark.parametrize(
    ("actions", "says"),
    [
        ([PAY | {"method": "put", "url": "/sales"}], "get or post"),
        ([PAY], "path of this site"),
        ([PAY | {"url": "https://else.example/pay"}], "path of this site"),
        ([PAY | {"url": "//else.example/pay"}], "fit to be shown"),
        ([PAY | {"url": "/a"}, PAY | {"url": "/b"}], "same name"),
    ],
)
async def test_an_action_that_cannot_work_is_refused_with_its_reason(
    db: Database, actions: list[Any], says: str
) -> None:
    with pytest.raises(AssertionError, match=says):
        await post(db, {"actions": actions})


async def test_the_http_door_refuses_the_same(client: SignIn, cast: Cast) -> None:
    program = await client()
    event = {"type": "sale:created", "audience": "all"}
    for action, field in (
        (PAY | {"method": "put", "url": "/sales"}, "actions.0.method"),
        (PAY | {"url": "https://else.example/pay"}, "actions"),
    ):
        answer = await program.post(
            "/api/events",
            json=event | {"actions": [action]},
            headers={"X-API-Key": cast.norte_publish_key},
        )
        told = await answer.json()
        assert (answer.status, told["errors"][0]["field"]) == (422, field)
