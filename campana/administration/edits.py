"""Two people edit the same thing at once: what each of them changed is kept, or somebody is told.

A form carries what it was drawn with. Fields that its author left alone stay as they are by now;
a field that both changed is a conflict, shown with both values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campana.errors import Conflict

Fields = Mapping[str, Any]


class Overtaken(Conflict):
    """Somebody changed this meanwhile"""

    def __init__(self, theirs: Fields) -> None:
        super().__init__(
            "Somebody changed this meanwhile.",
            hint="Look at both values, then save again.",
        )
        self.theirs = dict(theirs)


def changes(was: Fields, mine: Fields, now: Fields) -> dict[str, Any]:
    """Which fields of `now` become what.

    was: what the form was drawn with; a field it lacks counts as unchanged since. mine: what was
    sent, fields of `now` or fewer. Raises Overtaken with the values of others.
    """
    wanted = {name: value for name, value in mine.items() if value != was.get(name, now[name])}
    theirs = {
        name: now[name]
        for name, value in wanted.items()
        if now[name] not in (was.get(name, now[name]), value)
    }
    if theirs:
        raise Overtaken(theirs)
    return {name: value for name, value in wanted.items() if value != now[name]}
