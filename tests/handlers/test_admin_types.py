"""Types that a tenant adds as data: tried before they count, said from the next event, retired."""

from __future__ import annotations

import asyncpg
import pytest

from campana import i18n, retention, type_words
from campana.administration.type_meanings import MEANINGS, NOTES
from campana.events import BUILTIN
from tests.corridor.conftest import inbox_of, publish, until_dispatched
from tests.handlers.admin import look, send, was

__all__ = ["publish"]  # fixtures

HERE = "/admin/types"
FORM = {
    "name": "card:sold",
    "lasting": "true",
    "toast": "true",
    "icon": "banknote",
    "variant": "success",
    "priority": "high",
    "audience": "role:STAFF",
    "title_es": "Tarjeta para {customer}: {total:money}",
    "message_es": "Vendida por {actor}.",
    "title_en": "Card for {customer}: {total:money}",
    "sample": '{"customer": "Berta", "total": 25}',
}
DATA = {"customer": "Berta", "total": 25}


@pytest.fixture
async def ana(live_app, client, cast):
    """Ana's browser, who has added card:sold."""
    ana = await client(cast.ana_admin)
    assert (await send(ana, HERE, FORM)).location == f"{HERE}/card:sold?done=created"
    return ana


async def test_its_words_are_said_in_each_language_to_whom_it_is_for(
    ana, client, publish, owner, cast
) -> None:
    await publish(type="card:sold", audience=None, data=DATA, actor=cast.rosa_colleague.email)
    await until_dispatched(owner)
    event = await owner.fetchrow(
        "select words ->> 'es' as es, words -> 'en' ->> 'title' as en, variant, priority, audience"
        " from campana.event"
    )
    assert "Tarjeta para Berta: $25.00" in event["es"]
    assert "Vendida por Rosa Colega." in event["es"]
    assert event["en"] == "Card for Berta: $25.00"
    assert tuple(event.values())[2:] == ("success", "high", "role:STAFF")
    luis = await client(cast.luis_colleague)
    assert '#banknote"' in (await look(luis, "/notifications")).text
    [row] = await inbox_of(owner, cast.luis_colleague)
    assert row["channels"] == 1 | 2, "the toast and no noise"
    assert await inbox_of(owner, cast.carlos_cook) == []


async def test_a_change_counts_from_the_next_event_and_is_audited(ana, publish, owner) -> None:
    await publish(type="card:sold", data=DATA)
    await until_dispatched(owner)
    page = (await look(ana, f"{HERE}/card:sold")).text
    changed = {**FORM, "title_es": "Vendida: {total:money}", "was": was(page), "kind": "card:sold"}
    answer = await send(ana, f"{HERE}/card:sold", {k: changed[k] for k in changed if k != "name"})
    assert answer.status == 303, answer.text
    await publish(type="card:sold", data=DATA)
    await until_dispatched(owner)
    said = await owner.fetch("select words -> 'es' ->> 'title' as t from campana.event order by id")
    assert [row["t"] for row in said] == ["Tarjeta para Berta: $25.00", "Vendida: $25.00"]
    detail = await owner.fetchval(
        "select detail::text from campana.audit where action = 'type.change'"
    )
    assert "Tarjeta para" in detail
    assert "Vendida:" in detail


async def test_words_are_tried_while_they_are_written(ana) -> None:
    htmx = {"HX-Request": "true"}
    part = await send(ana, f"{HERE}/preview", FORM, **htmx)
    assert "Tarjeta para Berta: $25.00" in part.text
    assert "<html" not in part.text
    wrong = await send(ana, f"{HERE}/preview", FORM | {"title_es": "{total:euro} {"}, **htmx)
    assert "formato desconocido" in wrong.text or "unknown format" in wrong.text
    whole = await send(ana, f"{HERE}/preview", FORM | {"name": "half:typed"})
    assert 'value="half:typed"' in whole.text
    assert "Tarjeta para Berta: $25.00" in whole.text


@pytest.mark.parametrize(
    ("changes", "field", "status"),
    [
        ({"name": "Card"}, "name", 422),
        ({"name": "sale:created"}, "name", 409),
        ({"name": "card:sold"}, "name", 409),
        ({"title_es": "{total:euro}"}, "title_es", 422),
        ({"title_es": "{total"}, "title_es", 422),
        ({"message_en": "{__class__.__mro__}{7*7}"}, "message_en", 422),
        ({"title_en": "", "message_en": "Sold."}, "title_en", 422),
        ({"icon": "../x"}, "icon", 422),
        ({"audience": "role:NOBODY"}, "audience", 422),
        ({"sample": "[1]"}, "sample", 422),
        ({"priority": "extreme"}, "priority", 422),
        ({"name_es": "x" * 61}, "name_es", 422),
        ({"name_es": "Regalo\u202e"}, "name_es", 422),  # turns round what stands behind it
        ({"name_en": "\u200b"}, "name_en", 422),  # nobody sees it
        ({"name_en": "Gift\nSale"}, "name_en", 422),
        ({"retention_days": "0"}, "retention_days", 422),
        ({"retention_days": "soon"}, "retention_days", 422),
    ],
)
async def test_mistakes_are_shown_where_they_are(ana, changes, field, status) -> None:
    answer = await send(ana, HERE, {**FORM, "name": "other:type", **changes})
    assert answer.status == status
    assert f'id="{field}-error"' in answer.text


@pytest.mark.parametrize("name", ["Card", "sale:created"])
async def test_a_wrong_name_is_told_together_with_other_mistakes(ana, name) -> None:
    for mistake, field in (("{total:euro}", "title_es"), ("x" * 301, "title_es")):
        answer = await send(ana, HERE, {**FORM, "name": name, "title_es": mistake})
        assert answer.status == 422
        for wrong in ("name", field):
            assert f'id="{wrong}-error"' in answer.text


async def test_people_read_its_name_wherever_a_type_is_named(
    ana, client, publish, owner, cast
) -> None:
    named = {**FORM, "name": "gift:sold", "name_en": "Gift", "title_es": "", "message_es": ""}
    await send(ana, HERE, {k: v for k, v in named.items() if not k.startswith("title_en")})
    event = await publish(type="gift:sold", audience="all")
    await until_dispatched(owner)
    for path in ("/notifications", "/preferences", "/admin/policy", "/admin/log", HERE):
        assert "Gift" in (await look(ana, path)).text, path
    assert "Gift" in (await look(ana, f"/admin/log/{event}")).text
    assert "Gift" in (await look(ana, "/admin/policy?sought=gift")).text
    [row] = await inbox_of(owner, cast.luis_colleague)
    assert row["title"] is None
    said = await owner.fetchval("select words::text from campana.event where id = $1", event)
    assert '"title": "Gift"' in said, "what it says when nobody gave it words"

    form = {"name_es": "Regalo", "name_en": "Gift", "was": "{}"}
    assert (await send(ana, f"{HERE}/gift:sold", form)).status == 303
    assert "Regalo" in (await look(ana, "/preferences")).text, "at once, in the reader's language"
    english = await client(cast.ana_admin)
    await english.post("/appearance", data={"locale": "en"})
    eva = await client(cast.eva_stranger)
    assert "Regalo" not in (await look(eva, "/preferences")).text


@pytest.mark.parametrize(
    ("days", "age", "left"), [("2", 3, False), ("2", 1, True), ("30", 20, True), ("", 20, False)]
)
async def test_its_notifications_are_kept_as_long_as_it_says(
    ana, db, publish, owner, cast, days, age, left
) -> None:
    """The business keeps seven days."""
    form = {**FORM, "name": "card:lost", "retention_days": days}
    assert (await send(ana, HERE, form)).status == 303
    for kind in ("stock:low", "card:lost", "stock:out"):
        await publish(type=kind, audience="role:STAFF", title=kind)
    await until_dispatched(owner)
    await owner.execute("update campana.inbox set read_at = now()")
    await owner.execute("update campana.inbox_head set unread = 0")
    old = "dispatched_at - make_interval(days => $1)"
    await owner.execute(
        f"update campana.event set dispatched_at = {old} where type <> 'stock:out'", age
    )
    foreseen = await retention.preview(db, cast.norte)
    done = await retention.purge(db, cast.norte)
    kept = [row["title"] for row in await inbox_of(owner, cast.luis_colleague)]
    wanted = ["stock:low"] * (age < 7) + ["card:lost"] * left + ["stock:out"]
    assert kept == wanted
    assert (done.notifications, foreseen.notifications) == (2 * (3 - len(kept)),) * 2
    assert await owner.fetchval("select campana.unread_drift(1000)") == 0


async def test_a_retired_type_is_refused_until_it_is_used_again(ana, publish, owner) -> None:
    await send(ana, f"{HERE}/card:sold/retire")
    with pytest.raises(asyncpg.PostgresError) as refused:
        await publish(type="card:sold", data=DATA)
    assert refused.value.sqlstate == "CA002"
    assert "Retirado" in (await look(ana, HERE)).text
    await send(ana, f"{HERE}/card:sold/use-again")
    assert await publish(type="card:sold", data=DATA)


async def test_it_is_this_tenant_s_own(ana, client, cast) -> None:
    eva, luis = await client(cast.eva_stranger), await client(cast.luis_colleague)
    assert "card:sold" not in (await look(eva, HERE)).text
    for path in (f"{HERE}/card:sold", f"{HERE}/card:sold/retire"):
        assert (await send(eva, path, FORM)).status == 404
        assert (await send(luis, path, FORM)).status == 403


async def test_every_built_in_type_is_explained_in_spanish(ana) -> None:
    page = (await look(ana, HERE)).text
    assert "Se reservó una cita." in page
    assert "appointmentId, customer" in page
    assert "como en sale:created" in page
    for english in ("An appointment", "A sale ", "Live only", "Campana itself", "as of sale"):
        assert english not in page


def test_meanings_are_the_docstrings() -> None:
    said = {kind.type: " ".join((kind.__doc__ or "").split()).split("data: ") for kind in BUILTIN}
    assert {name: text[0].strip() for name, text in said.items()} == MEANINGS
    assert set(NOTES) <= {text[-1].removesuffix(".") for text in said.values()}


def test_words_read_data_and_nothing_else() -> None:
    data = {"a": {"b": "x"}, "n": 1234.5, "when": "2026-11-22T15:04:00+00:00", "gone": None}
    with i18n.use_locale("es", "UTC"):
        assert type_words.say("{a.b} {n:number} {gone} {actor}", data, "Ana") == "x 1,234.5 … Ana"
        assert type_words.say("{when:day} · {when:time}", data) == "22 nov 2026 · 15:04"
        assert type_words.say("{a.__class__} {}", data) == "… …"
        assert type_words.say("{n:money} {a.b:money} {when:number}", data)


async def test_words_do_not_explode(ana):
    """A short text that names a long value many times: 100 kB of form asked for 500 MB of page."""
    form = {
        "title_es": "{a}" * 5_000,
        "message_es": "{a}" * 10_000,
        "message_en": "{" * 20_000,
        "sample": '{"a": "' + "x" * 100_000 + '"}',
    }
    for sample in (form["sample"], '{"a": "' + "x" * 3_900 + '"}'):
        answer = await send(
            ana, f"{HERE}/preview", form | {"sample": sample}, **{"HX-Request": "1"}
        )
        assert answer.status == 200
        assert len(answer.text) < 2_000_000
    assert len(type_words.say("{a}" * 1_000, {"a": "x" * 30_000})) <= 1_000_000
