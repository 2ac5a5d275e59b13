"""GET, PATCH and POST /api/notifications/preferences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from campana import users
from campana.preferences import choices, matrix
from campana.users import Person
from handlers import replies
from handlers.app_keys import DB
from handlers.declare import operation
from handlers.guards import signed_in
from handlers.preferences import asked, told
from handlers.preferences.shapes import PreferencesPatch, PreferencesShape


@signed_in
@operation("Read your preferences", tag="preferences", answers={200: PreferencesShape})
async def show(request: web.Request) -> web.Response:
    """GET /api/notifications/preferences

    Effective values. types says of every type and channel whether it is on, which layer decided
    (type, tenant, role or person), and whether it is locked. Quiet hours, days off, pauses and
    mutes take away toast, sound and desktop; the notification is in the inbox at once all the same.
    """
    return replies.json(await _answer(request, request["person"]))


@signed_in
@operation(
    "Change your preferences",
    tag="preferences",
    form=PreferencesPatch,
    answers={200: PreferencesShape},
)
async def update(request: web.Request, form: PreferencesPatch) -> web.Response:
    """PATCH /api/notifications/preferences, POST as well

    All or nothing; used from the next event on. 409 where a layer above has locked it.
    """
    person: Person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        now = await matrix.of_person(tx, person)
    await choices.change(request.app[DB], person, *asked.verbs(form, now))
    if form.language is not None:
        await users.choose_locale(request.app[DB], person, form.language)
        person = replace(person, locale=form.language)
    return replies.json(await _answer(request, person))


async def _answer(request: web.Request, person: Person) -> dict[str, Any]:
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        now = await matrix.of_person(tx, person)
    return told.as_json(now, person.locale)
