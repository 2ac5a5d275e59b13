"""Event types that a tenant adds as data: how they look, whom they are for, what they say.

Words are placeholders with formats (campana/type_words.py). A change counts from the next event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from campana import audit, event_types, i18n, type_words
from campana.administration import audiences, edits
from campana.administration.type_meanings import MEANINGS
from campana.channels import DESKTOP, INBOX, SOUND, TOAST
from campana.errors import Invalid, NotFound
from campana.events import Priority, Variant
from campana.i18n import LOCALES
from campana.i18n import gettext as _
from campana.legible import is_legible
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx
    from campana.events import Event
    from campana.users import Person

ICONS = (
    *("bell", "calendar", "banknote", "receipt", "shopping-bag", "shopping-cart", "store"),
    *("package", "credit-card", "message-circle", "mail", "circle-user", "flame", "utensils"),
    *("chef-hat", "concierge-bell", "megaphone", "trending-down", "triangle-alert", "info"),
)
"""Symbols of static/icons.svg that a type may have."""
BITS = {"toast": TOAST, "sound": SOUND, "desktop": DESKTOP}
SAID = ("title", "message")
"""What notifications say; a name has no placeholders."""
PARTS = ("name", *SAID)
WORDS = tuple((part, locale) for locale in LOCALES for part in PARTS)
LONGEST_SAMPLE = 4_000
LONGEST = {"name": 60, "title": 300, "message": 4_000}
"""Characters of words, placeholders included."""
MOST_DAYS = 3650


Ticked = Annotated[bool, BeforeValidator(lambda value: value in (True, "true"))]


class OwnType(BaseModel):
    """What can be changed of a type. toast, sound, desktop: channels it uses when nobody says
    otherwise. audience: for events that name none. name_…: what people read, instead of what it is
    called on the wire. retention_days: None, as the business keeps. sample: JSON to try the words
    with."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    priority: Priority = "medium"
    variant: Variant = "info"
    icon: str = Field("bell", max_length=40)
    audience: str = Field("", max_length=2000)
    toast: Ticked = False
    sound: Ticked = False
    desktop: Ticked = False
    retention_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    name_es: str = Field("", max_length=LONGEST["name"])
    title_es: str = Field("", max_length=LONGEST["title"])
    message_es: str = Field("", max_length=LONGEST["message"])
    name_en: str = Field("", max_length=LONGEST["name"])
    title_en: str = Field("", max_length=LONGEST["title"])
    message_en: str = Field("", max_length=LONGEST["message"])
    sample: str = Field("", max_length=LONGEST_SAMPLE)

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """As campana.type_words.Own."""
        typed = self.model_dump()
        said = {
            locale: {part: typed[f"{part}_{locale}"] for part in PARTS if typed[f"{part}_{locale}"]}
            for locale in LOCALES
        }
        return {locale: parts for locale, parts in said.items() if parts}


def explained(kind: type[Event]) -> dict[str, str]:
    """What a built-in type means and what its data holds."""
    text = " ".join((kind.__doc__ or "").split())
    data = text.partition("data: ")[2].removesuffix(".")
    return {"says": i18n.gettext(MEANINGS[kind.type]), "data": data and i18n.gettext(data)}


async def own(tx: Tx, tenant_id: UUID) -> list[Any]:
    """Rows of types that this tenant added, retired ones last."""
    return [row async for row in queries.event_types.own(tx, tenant=tenant_id)]


async def one(tx: Tx, tenant_id: UUID, name: str) -> Any:
    """The row of one of them; NotFound."""
    row = await queries.event_types.own_one(tx, tenant=tenant_id, name=name)
    if row is None:
        raise NotFound("There is no such type in this tenant.")
    return row


async def create(
    db: Database, tenant_id: UUID, name: str, mine: OwnType, *, lasting: bool = True, actor: str
) -> None:
    """A new type; Invalid with every mistake, Conflict for a name that is taken."""
    if faults := _faults(mine):
        raise Invalid.by_field(name_faults(name) + faults)
    async with db.tenant(tenant_id) as tx:
        if mine.audience:
            await audiences.named(tx, tenant_id, mine.audience)
        await event_types.add(tx, tenant_id, name, lasting=lasting, actor=actor)
        await _write(tx, tenant_id, name, mine, lasting=lasting)


async def change(
    db: Database, me: Person, name: str, mine: OwnType, was: Mapping[str, Any]
) -> dict[str, Any]:
    """Writes what differs; what changed. NotFound, Invalid, Overtaken."""
    if faults := _faults(mine):
        raise Invalid.by_field(faults)
    async with db.tenant(me.tenant_id, me.id) as tx:
        row = await queries.event_types.own_lock(tx, tenant=me.tenant_id, name=name)
        if row is None:
            raise NotFound("There is no such type in this tenant.")
        now = as_form(row)
        done = edits.changes(was, mine.model_dump(), now)
        if done:
            new = OwnType(**(now | done))
            if new.audience:
                await audiences.named(tx, me.tenant_id, new.audience)
            await _write(tx, me.tenant_id, name, new, lasting=row["lasting"])
            before = {field: now[field] for field in done}
            await audit.record(
                tx, me.tenant_id, me.actor, "type.change", before=before, after=done, type=name
            )
    return done


async def retire(
    db: Database, tenant_id: UUID, name: str, *, retired: bool = True, actor: str
) -> None:
    """Nothing of this type is published any more; or again. What was, stays. NotFound."""
    async with db.tenant(tenant_id) as tx:
        found = await queries.event_types.own_retire(
            tx, tenant=tenant_id, name=name, retired=retired
        )
        if found is None:
            raise NotFound("There is no such type in this tenant.")
        action = "type.retire" if retired else "type.use_again"
        await audit.record(tx, tenant_id, actor, action, type=name)


def name_faults(name: str) -> list[tuple[str, str]]:
    """What is wrong with the name of a new type, as a page says it; [] when nothing is."""
    if not event_types.is_name(name):
        return [("name", _("Small letters, digits and _, with a colon, such as card:sold."))]
    taken = event_types.is_builtin(name)
    return [("name", _("This name is taken, or built in."))] if taken else []


def as_form(row: Any) -> dict[str, Any]:
    """A row as OwnType says it."""
    shown = {name: row[name] or "" for name in ("priority", "variant", "audience")}
    shown |= {name: bool(row["channels"] & bit) for name, bit in BITS.items()}
    for part, locale in WORDS:
        shown[f"{part}_{locale}"] = row["words"].get(locale, {}).get(part, "")
    sample = orjson.dumps(row["sample"], option=orjson.OPT_INDENT_2).decode()
    shown |= {"icon": row["icon"] or "bell", "sample": sample if row["sample"] else ""}
    return shown | {"retention_days": row["retention_days"]}


def tried(typed: Mapping[str, str], time_zone: str, actor_name: str) -> list[dict[str, Any]]:
    """What the words say with the sample, per language: {locale, name, title, message,
    mistakes}. Of what is too long to be saved, the beginning."""
    sample = _sample(typed.get("sample", "")[:LONGEST_SAMPLE])
    return [_tried_in(locale, typed, sample or {}, time_zone, actor_name) for locale in LOCALES]


def _tried_in(
    locale: str, typed: Mapping[str, str], sample: Any, time_zone: str, actor_name: str
) -> dict[str, Any]:
    said = {part: typed.get(f"{part}_{locale}", "")[:most] for part, most in LONGEST.items()}
    wrong = [one for part in SAID for one in type_words.mistakes(said[part])]
    with i18n.use_locale(locale, time_zone):
        shown = {part: type_words.say(said[part], sample, actor_name) for part in SAID}
    return {"locale": locale, "name": said["name"], **shown, "mistakes": wrong}


async def _write(tx: Tx, tenant_id: UUID, name: str, mine: OwnType, *, lasting: bool) -> None:
    chosen = sum(bit for channel, bit in BITS.items() if getattr(mine, channel))
    await queries.event_types.own_change(
        tx,
        tenant=tenant_id,
        name=name,
        priority=mine.priority,
        variant=mine.variant,
        channels=INBOX | chosen if lasting else 0,
        icon=mine.icon,
        audience=mine.audience or None,
        words=mine.words,
        retention_days=mine.retention_days,
        sample=_sample(mine.sample) or {},
    )


def _faults(mine: OwnType) -> list[tuple[str, str]]:
    faults = [
        (f"{part}_{locale}", mistake)
        for locale in LOCALES
        for part in SAID
        for mistake in type_words.mistakes(getattr(mine, f"{part}_{locale}"))[:1]
    ]
    for locale in LOCALES:
        if (name := getattr(mine, f"name_{locale}")) and not is_legible(name):
            faults.append((f"name_{locale}", _("There is a character in it that cannot be kept.")))
        if getattr(mine, f"message_{locale}") and not getattr(mine, f"title_{locale}"):
            faults.append((f"title_{locale}", _("A message needs a title.")))
    if mine.icon not in ICONS:
        faults.append(("icon", _("Choose one of these.")))
    if mine.sample and _sample(mine.sample) is None:
        faults.append(("sample", _('This is no JSON object. Write for example {"total": 12.5}.')))
    return faults


def _sample(text: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
