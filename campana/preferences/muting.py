"""What a person wants no more noise about: one sale, order, conversation, appointment.

Verbs for `choices.change`; what is muted still comes to the inbox.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from campana.db import Tx
from campana.errors import Invalid
from campana.preferences.choices import Verb, saving, whose
from campana.queries import queries
from campana.users import Person
from campana.words import words_for

MOST_MUTES = 500


class Subject(NamedTuple):
    """What notifications are about. name: `kind:id`; title: of the newest one."""

    name: str
    title: str
    is_muted: bool


def mute(subject: str) -> Verb:
    """No more noise about this `kind:id`; rows still come. Invalid beyond MOST_MUTES."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}:\S{1,160}", subject):
        raise Invalid(
            "A subject is written kind:id.", field="subject", hint="For example conversation:42."
        )

    async def run(tx: Tx, person: Person) -> None:
        await queries.preferences.mute(tx, **whose(person), subject=subject)
        if await queries.preferences.count_mutes(tx, **whose(person)) > MOST_MUTES:
            raise Invalid(
                f"At most {MOST_MUTES} subjects can be muted.",
                field="subject",
                hint="Unmute one that is over.",
            )

    return run


def unmute(subject: str) -> Verb:
    """This subject is heard again; nothing for one that is not muted."""
    return saving(queries.preferences.unmute, subject=subject)


async def recent_subjects(tx: Tx, person: Person) -> list[Subject]:
    """What the newest hundred notifications are about, newest first."""
    rows = queries.preferences.subjects(tx, **whose(person))
    return [
        Subject(
            row["subject"],
            words_for(row["words"], person.locale).get("title") or row["subject"],
            row["is_muted"],
        )
        async for row in rows
    ]
