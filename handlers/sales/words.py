"""What has just been done to a sale, in words for its page and for those who listen."""

from __future__ import annotations

from campana.domains.sales import Sale
from campana.i18n import gettext as _


def flashes(said: str | None, sale: Sale) -> list[dict[str, str]]:
    """The message above a page; nothing for a word that we never say."""
    text = in_words(said, sale)
    if text is None:
        return []
    return [{"variant": "info" if (said or "").startswith("already") else "success", "text": text}]


def in_words(said: str | None, sale: Sale) -> str | None:
    """One sentence about `sale`; None for an unknown word."""
    sentences = {
        "created": _("Sale %(number)s is saved."),
        "already_created": _("This form was sent twice: it is sale %(number)s, once."),
        "paid": _("Sale %(number)s is paid."),
        "already_paid": _("Sale %(number)s was paid already."),
        "cancelled": _("Sale %(number)s is cancelled."),
        "already_cancelled": _("Sale %(number)s was cancelled already."),
        "updated": _("Sale %(number)s is changed."),
        "already_updated": _("Sale %(number)s stays as it was."),
    }
    sentence = sentences.get(said or "")
    return sentence and sentence % {"number": sale.number}
