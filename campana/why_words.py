"""The steps of an explanation (campana/why.py) as sentences: about somebody, or to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from campana.channels import INTERRUPTING
from campana.i18n import current_time_zone, date_and_time, number
from campana.i18n import gettext as _
from campana.preferences.policy import Step
from campana.preferences.words import (
    hours_in_words,
    mask_in_words,
    step_in_words,
    until_in_words,
)
from campana.vocabulary import priority_in_words, subject_in_words, type_in_words

Voice = Literal["they", "you"]
THEY: Voice = "they"
YOU: Voice = "you"


def dispatched(row: Any, milliseconds: int) -> str:
    return _(
        "%(type)s, priority %(priority)s, dispatched %(time)s, %(ms)s ms after it was due."
    ) % {
        "type": type_in_words(row["type"]),
        "priority": priority_in_words(row["priority"]).lower(),
        "time": date_and_time(row["dispatched_at"]),
        "ms": number(milliseconds),
    }


def reason_then(reason: str, voice: Voice) -> str:
    said = _("When it was dispatched, the audience named you by: %(reason)s.")
    if voice == THEY:
        said = _("When it was dispatched, the audience named them by: %(reason)s.")
    return said % {"reason": reason}


def audience_unknown(row: Any) -> str:
    return _("The audience (%(audience)s) cannot be evaluated any more: %(reason)s") % {
        "audience": row["audience"],
        "reason": row["reason_now"],
    }


def named_now(row: Any, voice: Voice) -> str:
    said = _("The audience (%(audience)s) names you now, by: %(reason)s.")
    if voice == THEY:
        said = _("The audience (%(audience)s) names them now, by: %(reason)s.")
    return said % {"audience": row["audience"], "reason": row["reason_now"]}


def not_named_now(row: Any, voice: Voice) -> str:
    said = _("The audience (%(audience)s) does not name you now.")
    if voice == THEY:
        said = _("The audience (%(audience)s) does not name them now.")
    return said % {"audience": row["audience"]}


def may_not_see(row: Any, voice: Voice) -> str:
    said = _("It is about %(subject)s, which you may not see now.")
    if voice == THEY:
        said = _("It is about %(subject)s, which they may not see now.")
    return said % {"subject": subject_in_words(row["subject"])}


def place(row: Any, voice: Voice) -> str:
    told = {"role": row["role"], "branch": row["branch"]}
    if row["branch"]:
        said = _("Your role is %(role)s, your branch %(branch)s.")
        return (said if voice == YOU else _("Role %(role)s, branch %(branch)s.")) % told
    return (_("Your role is %(role)s.") if voice == YOU else _("Role %(role)s, no branch.")) % told


def came_later(row: Any, voice: Voice) -> str:
    said = _("You were added later, on %(time)s.")
    if voice == THEY:
        said = _("They were added later, on %(time)s.")
    return said % {"time": date_and_time(row["created_at"])}


def is_inactive() -> str:
    return _("The account is not active.")


def change(row: Any) -> str:
    """What the audit says of a role, a branch or an account since."""
    detail = row["detail"] if isinstance(row["detail"], dict) else {}
    before, after = detail.get("before") or {}, detail.get("after") or {}
    told = {"time": date_and_time(row["at"]), "actor": row["actor"]}
    if row["action"] in ("user.activate", "user.deactivate"):
        said = _("Let in again on %(time)s by %(actor)s.")
        if row["action"] == "user.deactivate":
            said = _("Deactivated on %(time)s by %(actor)s.")
        return said % told
    names = ", ".join(
        f"{before.get(name) or '—'} → {after.get(name) or '—'}"
        for name in ("role", "branch")
        if name in before or name in after
    )
    return _("Changed since, on %(time)s by %(actor)s: %(change)s.") % (
        told | {"change": names or "—"}
    )


def is_actor(voice: Voice) -> str:
    if voice == THEY:
        return _("They did it themselves, and nobody is told of their own deeds.")
    return _("You did it yourself, and nobody is told of their own deeds.")


def no_such_type(row: Any) -> str:
    return _("There is no type %(type)s any more, so preferences say nothing of it.") % {
        "type": row["type"]
    }


def policy_changed(policy: Any) -> str:
    return _("What business or role say of this was changed since, last on %(time)s.") % {
        "time": date_and_time(policy["last"])
    }


def rule(step: Step, voice: Voice) -> str:
    """One rule of the preferences at work."""
    if voice == YOU:
        return step_in_words(step)
    told = {"channels": mask_in_words(step.after), "detail": _detail(step)}
    return _sentence(step.rule) % told


def _sentence(name: str) -> str:
    """About somebody."""
    sentences = {
        "actor": _("They did it themselves, and nobody is told of their own deeds."),
        "unseen": _("They may not see what it is about, so nothing is written."),
        "type": _("By default this type goes to: %(channels)s."),
        "tenant": _("The business made that: %(channels)s."),
        "role": _("The role made that: %(channels)s."),
        "person": _("The person made that: %(channels)s."),
        "switched_off": _("Without channels that the person switched off: %(channels)s."),
        "no_inbox": _("It is switched off in the inbox, so nothing is written."),
        "minimum": _("Its priority is below the minimum (%(detail)s), so nothing is written."),
        "paused": _("The person has paused notifications until %(detail)s: no noise."),
        "urgent": _("It is urgent and breaks through quiet hours and days off."),
        "day_off": _("It was a day off: no noise."),
        "quiet": _("It was in quiet hours (%(detail)s): no noise."),
        "muted": _("The person has muted what it is about: no noise."),
    }
    return sentences[name]


def _detail(step: Step) -> str:
    if step.rule == "minimum":
        return priority_in_words(step.detail).lower()
    if step.rule == "quiet":
        return hours_in_words(step.detail)
    return until_in_words(step.detail, current_time_zone()) if step.rule == "paused" else ""


def not_written() -> str:
    return _("Nothing was written to the inbox.")


def is_gone() -> str:
    return _(
        "It was written to the inbox, and has been removed since: kept long enough, or erased."
    )


def written(row: Any) -> str:
    return _("Written to the inbox as number %(seq)s, for: %(channels)s.") % {
        "seq": number(row["seq"]),
        "channels": mask_in_words(row["channels"]),
    }


def would_be(mask: int) -> str:
    return _("By the preferences of now it would be: %(channels)s.") % {
        "channels": mask_in_words(mask)
    }


def is_replaced() -> str:
    return _("A newer event of the same kind has taken its place in the inbox.")


def became(row: Any) -> str:
    state = {
        1: _("Put off until later."),
        2: _("Deleted by its reader; when is not kept."),
        3: _("Its time was over, and it left the list."),
    }
    if row["state"] in state:
        return state[row["state"]]
    if row["read_at"]:
        return _("Read %(time)s.") % {"time": date_and_time(row["read_at"])}
    return _("Not read yet.")


def was_connected(since: datetime, voice: Voice, *, was_told: bool) -> str:
    said = _("You were connected (since %(time)s) and were told at once.")
    if not was_told:
        said = _("Connected then (since %(time)s): that is not what was missing.")
    elif voice == THEY:
        said = _("They were connected (since %(time)s) and were told at once.")
    return said % {"time": date_and_time(since)}


def connections_unknown(since: datetime | None, voice: Voice) -> str:
    if since is None:
        return _("Not connected now; who was connected then is not kept.")
    return _("Connected since %(time)s, which is later; who was connected then is not kept.") % {
        "time": date_and_time(since)
    }


def reached(row: Any, voice: Voice) -> str:
    if row["seq"] is not None and not row["channels"] & INTERRUPTING:
        return _("It was written to the inbox, without noise.")
    return _("It was written to the inbox.")


def has_changed() -> str:
    return _(
        "By what holds now it would have been written. Something was different when it was"
        " dispatched: role, branch, topic or preferences."
    )
