"""What is wrong with a field, for people to read; programs get the English of the API."""

from __future__ import annotations

import re

from campana.errors import FieldError
from campana.i18n import gettext as _
from campana.i18n import ngettext


def in_words(error: FieldError) -> dict[str, str]:
    """`field` and `message`, in the reader's language."""
    return {"field": error.field, "message": _said(error)}


def _said(error: FieldError) -> str:
    if error.code == "missing":
        return _("This is missing.")
    if error.code == "unknown_field":
        return _("There is no such field.")
    if error.kind in ("literal_error", "enum"):
        expected = ", ".join(re.findall(r"'([^']*)'", str(error.limit)))
        return _("Choose one of: %(expected)s.") % {"expected": expected}
    if error.kind.startswith("int_"):
        return _("Write a whole number.")
    return _beyond(error) or _("This value does not fit.")


def _beyond(error: FieldError) -> str | None:
    """The words for a value that is too long, too large or too small."""
    limit = error.limit if isinstance(error.limit, int) else 0
    if error.kind == "string_too_long":
        return ngettext("At most %(num)s character.", "At most %(num)s characters.", limit) % {
            "num": limit
        }
    if error.kind == "less_than_equal":
        return _("At most %(limit)s.") % {"limit": limit}
    if error.kind == "greater_than_equal":
        return _("At least %(limit)s.") % {"limit": limit}
    return None
