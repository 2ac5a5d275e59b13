"""Days as people mean them: where the reader is."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from campana.errors import Invalid
from campana.users import Person


def midnight(day: dt.date | None, person: Person, later: int = 0) -> dt.datetime | None:
    """The beginning of that day, or of one `later` days after, where the person is; Invalid for
    one that no calendar has."""
    if day is None:
        return None
    try:
        begin = dt.datetime.combine(day + dt.timedelta(days=later), dt.time())
        return begin.replace(tzinfo=ZoneInfo(person.time_zone)).astimezone(dt.UTC)
    except OverflowError:
        raise Invalid("There is no such day.", field="until" if later else "since") from None
