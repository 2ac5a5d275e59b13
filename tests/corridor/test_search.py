"""Notifications are found by their words: by the index, and by looking through what is newest."""

from __future__ import annotations

import asyncpg
import pytest

from campana import inbox, inbox_list, search
from campana.inbox_list import Filter
from campana.queries import queries
from tests.cast import person
from tests.corridor.test_inbox import fill
from tests.post import post

NOWHERE_NEAR = 1
"""A look through the newest rows that finds next to nothing: the index must."""


@pytest.fixture(params=["looked through", "by index", "not kept yet"])
async def find(request, db, ana, monkeypatch):
    """`await find("words")`: ids found, newest first, whichever way the database takes."""
    if request.param == "by index":
        monkeypatch.setattr(inbox_list, "NEAR_SPAN", NOWHERE_NEAR)

    async def find(text, who=ana, **filters):
        if request.param != "not kept yet":
            await search.keep_words(db)
        async with db.tenant(who.tenant_id, who.id) as tx:
            page = await inbox_list.page(tx, who, Filter(text=text, **filters))
        assert not page.is_capped
        return [row.id for row in page.rows]

    return find


async def test_words_are_found_whatever_their_endings_accents_and_order(db, ana, find):
    booked, sold, mailed = await post(
        db,
        {"title": "Reservación confirmada", "message": "Peluquería · mañana a las 10"},
        {"title": "Ventas de la semana", "message": "Payments were received (12-B)"},
        {"title": "Correo", "message": "de ana.perez@salon.demo, en/fin"},
    )
    for text in ("reservación", "reservacion", "RESERVACIONES", "confirmadas reserv", "peluquer"):
        assert await find(text) == [booked], text
    for text in ("venta", "la semana", "ventas sem", "payment", "receiving b 12"):
        assert await find(text) == [sold], text
    assert await find("perez demo") == [mailed]
    assert await find("a") == [mailed, booked]
    assert await find("demo reservación") == []
    assert await find("ventana") == []
    for nothing in ("%", "'", "\\", "' | 'x", "&!():*<->", " "):
        assert await find(nothing) == []


async def test_whoever_did_it_is_found_by_name(db, cast, find):
    (his,) = await post(db, {"title": "Venta 7", "actor": str(cast.luis_colleague.id)})
    await post(db, {"title": "Venta 8"})
    assert await find(cast.luis_colleague.name.lower()) == [his]


async def test_each_reader_finds_the_own_language(db, cast, ana, find):
    (sent,) = await post(db, {"type": "stock:low", "data": {"product": "Leche"}})
    english = person(cast.ana_admin, "en")
    assert await find("poca", english) == await find("running", ana) == []
    assert await find("leche", english) == await find("leche", ana) == [sent]


async def test_filters_hold_and_deleted_ones_are_found_among_the_deleted(db, ana, find):
    first, second, third = await post(
        db,
        {"title": "Pan"},
        {"title": "Pan dulce", "type": "stock:low"},
        {"title": "Panes", "priority": "urgent"},
    )
    await inbox.apply(db, ana, inbox.read, [first])
    await inbox.apply(db, ana, inbox.delete, [third])
    assert await find("pan") == [second, first]
    assert await find("pan", unread=True) == [second]
    assert await find("pan", type="sale:created") == [first]
    assert await find("pan", deleted=True, priority="urgent") == [third]


async def test_what_was_collapsed_is_found_by_its_newest_words(db, find):
    (first,) = await post(db, {"title": "Una manzana", "collapse_key": "k"})
    await post(db, {"title": "Otra cosa"})
    await post(db, {"title": "Dos peras", "collapse_key": "k"})
    assert await find("peras") == [first]
    assert await find("manzana") == []


async def test_nobody_finds_what_is_not_theirs(db, cast, find):
    luis, eva = person(cast.luis_colleague), person(cast.eva_stranger)
    (mine,) = await post(db, {"title": "Secreto", "audience": f"user:{cast.ana_admin.id}"})
    (theirs,) = await post(db, {"title": "Secreto"}, tenant="sur")
    assert await find("secreto") == [mine]
    assert await find("secreto", eva) == [theirs]
    assert await find("secreto", luis) == []


async def test_the_index_answers_for_the_own_tenant_only(db, cast, ana):
    await post(db, {"title": "Secreto"}, tenant="sur")
    await search.keep_words(db)
    sur = cast.eva_stranger.tenant_id

    async def ask(tx, tenant, words_of):
        question = "select campana.events_saying($1, campana.sought($2, 'es', 'secreto'), 10)"
        return await tx.fetchval(question, tenant, words_of)

    async with db.tenant(sur) as tx:
        assert len(await ask(tx, sur, sur)) == 1
    async with db.tenant(ana.tenant_id) as tx:
        assert await ask(tx, ana.tenant_id, sur) == [], "even by the other tenant's lexemes"
        with pytest.raises(asyncpg.PostgresError) as refused:
            await ask(tx, sur, sur)
    assert refused.value.sqlstate == "CA007"


async def test_a_rare_word_is_found_among_thousands(db, owner, ana):
    (rare,) = await post(db, {"title": "Aguja"})
    await fill(owner, ana, 4_000)
    async with db.bus() as tx:  # at once, without the breath that others are left
        await queries.search.keep_words(tx, at_most=5_000)
    assert not await owner.fetchval("select exists (select from campana.unsearched)")
    async with db.tenant(ana.tenant_id, ana.id) as tx:
        page = await inbox_list.page(tx, ana, Filter(text="agujas"))
    assert ([row.id for row in page.rows], page.total, page.older) == ([rare], 1, None)


async def test_what_answers_is_marked_and_everything_is_escaped(db, ana):
    title = "Reservación <b>de</b> café & té"
    async with db.tenant(ana.tenant_id, ana.id) as tx:
        marked = await search.marker(tx, "reservas CAFE t", [title])
    assert marked(title) == (
        "<mark>Reservación</mark> &lt;b&gt;de&lt;/b&gt; <mark>café</mark> &amp; <mark>té</mark>"
    )
