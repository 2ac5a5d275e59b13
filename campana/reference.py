"""docs/events.md, generated: `python -m campana.reference > docs/events.md`."""

import inspect

from campana.actions import offered
from campana.events import BUILTIN, Event

HEAD = """# Events
Generated from `campana/events.py` by `python -m campana.reference`; change it there.

Every event goes, as one live message named by its type, to its audience. Lasting types are also
notifications: a row in the inbox of everyone in the audience whose preferences want it, never of the
actor. Live types (°) leave no row and are never replayed. About something that a business of the tenant keeps
(`subject: sale:<id>`), both reach only who may see it, with the rights of the moment, whatever the audience says;
of a sale that only the publisher keeps, those are the roles that administer.

## Fields
{common}

## Actions
Buttons of a notification, in panel, page and toast; at most five, each name once.

| field | |
|---|---|
| `name` | a-z, 0-9 and `_`, up to 40 |
| `label` | 1 to 60 characters; left out: the name's words in the reader's language, such as `confirm_payment` |
| `method` | `get` (left out) leads to `url`; `post` does something |
| `url` | http(s) or a path of this site; for `post` a path that a business offers: where none does there is no button |
| `variant` | `primary` for the one that stands out |

A `post` is done with the rights of whoever presses it, once: the button is busy, then says what came of it,
and the notification is read. What was done elsewhere meanwhile is told as a fact, a failure can be tried again.
A list drawn afterwards no longer offers it. Without scripts it is a form that comes back to the page.
Programs post to `url` themselves. Offered so far:

| path | does |
|---|---|
{offers}

## On the wire
`GET /api/stream` (programs) and `GET /stream` (pages). Each message is `event:` and one line of JSON.

| name | id | data |
|---|---|---|
| `hello` (first) | the cursor served from | userId, tenantId, role, timestamp, seq (head), unread, rev, signal |
| `notification` | `<epoch>-<seq>` | id, seq, type, title, message, priority, variant, data, actions, url, subject, createdAt, isRead, channels |
| `<type>` | – | id, type, title, message, priority, variant, data, subject, url, actor, createdAt |
| `unread` | – | count, rev |
| `read`, `deleted` | – | ids, or upTo; rev |
| `resync` | – | scope (inbox, live or all), rev if it changed: you may have missed something, fetch again |
| `visited` | – | page: what was new there has been looked at, on another device perhaps |
| `preferences:changed`, `rights:changed` | – | as `<type>`, with nothing to say: an administrator changed what holds for you, fetch again |
| `bye` | – | reason; the stream ends, reconnect |

Resume with `Last-Event-ID` (header, or parameter `last_event_id`): every notification after it, once, in
order. `?poll=1` gives what is new as a finite answer in the same format; pass the last hello's `signal` back
to get live messages, too. Pages get the same, with `toast` and `badge` as HTML instead of `data`.

## Types
| type | lasting | priority | variant | |
|---|---|---|---|---|
"""


def events_page() -> str:
    """The page's text."""
    rows = [
        f"| `{kind.type}`{'' if kind.lasting else '°'} | {'yes' if kind.lasting else 'no'} "
        f"| {kind.default_priority} | {kind.default_variant} | {' '.join(_doc(kind).split())} |"
        for kind in BUILTIN
    ]
    verbs = [f"| `POST {path}` | {' '.join(_doc(verb).split())} |" for path, verb in offered()]
    return HEAD.format(common=_doc(Event), offers="\n".join(verbs)) + "\n".join(rows) + "\n"


def _doc(kind: object) -> str:
    return inspect.getdoc(kind) or ""


if __name__ == "__main__":
    print(events_page(), end="")
