"""What a stream says has the shape that its description promises."""

from __future__ import annotations

from pydantic import TypeAdapter

from campana import inbox
from handlers.stream_shapes import JSON_STREAM

LIVE = "announcement:published"


async def test_every_message_is_as_described(db, publish, listen, cast) -> None:
    ana = await listen(cast.ana_admin)
    await publish(type=LIVE, title="Marzo", data='{"n": 1}', subject="note:1")
    sent = await ana.hears("notification")
    person = cast.ana_admin
    await inbox.apply(db, person, inbox.read, [sent.data["id"]])
    await inbox.apply(db, person, inbox.unread, [sent.data["id"]])
    await inbox.apply(db, person, inbox.read_all, None)
    await inbox.apply(db, person, inbox.delete, [sent.data["id"]])
    await ana.hears("deleted")
    await inbox.look_at(db, person, "sales")
    await ana.hears("visited")

    described = JSON_STREAM.messages
    told = [message for message in ana.messages if message.name != LIVE]
    assert {message.name for message in told} == described.keys() - {"bye"}
    for message in told:
        TypeAdapter(described[message.name]).validate_python(message.data)


async def test_words_name_who_did_it(publish, listen, cast) -> None:
    ana = await listen(cast.ana_admin)
    await publish(type="sale:updated", actor=cast.luis_colleague.email, data='{"number": 7}')
    told = await ana.hears("notification")
    assert cast.luis_colleague.name in told.data["message"]
