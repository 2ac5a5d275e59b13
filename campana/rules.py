"""What a rule says by itself, without the database: it is an audience as campana.parse_audience()
understood it (sql/functions/010_audience.sql)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID


def the_one(rule: Sequence[Any]) -> UUID | None:
    """The user beside whom `rule` names nobody, guarded (docs/decisions/0024) or not; None: there
    may be others."""
    named = rule[1] if rule[0] == "sees" else rule
    return UUID(named[1]) if named[0] == "user" else None
