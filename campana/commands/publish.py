"""`publish`: one event, said on the command line."""

from datetime import datetime
from typing import Any

import orjson
from cyclopts import App

from campana.commands.failures import CommandError
from campana.commands.output import remark, say
from campana.commands.place import database
from campana.health import look
from campana.publish import Published, publish_many

app = App(name="publish")


@app.default
async def publish(
    *,
    tenant: str,
    type: str,  # noqa: A002 - the same words as publish_event()
    audience: str,
    title: str | None = None,
    message: str | None = None,
    data: str | None = None,
    priority: str | None = None,
    variant: str | None = None,
    url: str | None = None,
    actions: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    dedupe_key: str | None = None,
    collapse_key: str | None = None,
    deliver_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Publish one event; prints its id.

    Args:
        tenant: the tenant's short name.
        type: a built-in type such as sale:created, or one of the tenant's own.
        audience: who hears of it: all, role:ADMIN, user:ana@salon.demo, branch:NAME, topic:NAME;
            with ! & | and parentheses.
        title: instead of the type's own words.
        message: likewise.
        data: a JSON object.
        priority: low, medium, high or urgent.
        variant: info, success, warning or error.
        url: http(s) or a path of this site.
        actions: a JSON list of {"name", "label", "url"}.
        actor: id or e-mail of who did it, and is not notified.
        subject: kind:id, such as sale:42.
        dedupe_key: a second event with this key is the first one.
        collapse_key: replaces an unread notification with the same key.
        deliver_at: not before; such as 2027-01-31T08:00:00-06:00.
        expires_at: nobody needs it after.
    """
    item = {
        "type": type,
        "audience": audience,
        "title": title,
        "message": message,
        "data": _json("data", data),
        "priority": priority,
        "variant": variant,
        "url": url,
        "actions": _json("actions", actions),
        "actor": actor,
        "subject": subject,
        "dedupe_key": dedupe_key,
        "collapse_key": collapse_key,
        "deliver_at": _moment("deliver-at", deliver_at),
        "expires_at": _moment("expires-at", expires_at),
    }
    said = {name: value for name, value in item.items() if value is not None}
    async with database() as db:
        async with db.bus() as bus, bus.transaction():
            [outcome] = await publish_many(bus, tenant, [said])
            _refuse(outcome)
        if not (await look(db)).dispatching:
            remark("no server runs: it is delivered as soon as one does")
    say(str(outcome.id))


def _json(option: str, text: str | None) -> Any:
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandError(f"--{option} is no JSON: {error}") from None


def _moment(option: str, typed: datetime | None) -> datetime | None:
    """By this machine's clock where no zone was typed."""
    try:
        return typed and typed.astimezone()
    except (OverflowError, ValueError):
        raise CommandError(f"--{option} lies at the end of the calendar") from None


def _refuse(outcome: Published) -> None:
    """Raised inside the transaction, which then leaves nothing."""
    if outcome.code:
        raise CommandError(" ".join(filter(None, (outcome.message, outcome.hint))))
