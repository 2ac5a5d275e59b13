"""`type add`, `list`, `retire` and `use-again`: the event types of a tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cyclopts import App
from pydantic import ValidationError

from campana import event_types
from campana.administration import types
from campana.administration.types import OwnType
from campana.commands.output import say, say_table
from campana.commands.place import ACTOR, tenant_database
from campana.errors import Invalid
from campana.i18n import use_locale

app = App(name="type", help="Add and list the event types of a tenant.")


@app.command
async def add(
    name: str,
    /,
    *,
    tenant: str,
    live: bool = False,
    priority: str = "medium",
    variant: str = "info",
    icon: str = "bell",
    audience: str = "",
    retention_days: int | None = None,
    name_es: str = "",
    name_en: str = "",
    title_es: str = "",
    message_es: str = "",
    title_en: str = "",
    message_en: str = "",
) -> None:
    """Add a type beside the built-in ones.

    Args:
        name: such as card:sold.
        tenant: the tenant's short name.
        live: only a live message, never a notification; not kept, not replayed.
        priority: low, medium, high or urgent, unless the publisher says otherwise.
        variant: info, success, warning or error, unless the publisher says otherwise.
        icon: such as banknote, beside its notifications.
        audience: for whom, unless the publisher says.
        retention_days: how long its notifications are kept; else as long as all others.
        name_es: what people read for it in Spanish, such as "Tarjeta vendida".
        name_en: the same in English.
        title_es: its words in Spanish, such as "Tarjeta: {total:money}".
        message_es: more of them.
        title_en: its words in English.
        message_en: more of them.
    """
    said = {"title_es": title_es, "message_es": message_es, "title_en": title_en}
    said |= {"message_en": message_en, "name_es": name_es, "name_en": name_en}
    said |= {"icon": icon, "audience": audience}
    mine = _own_type(
        toast=True,
        sound=True,
        desktop=True,
        priority=priority,
        variant=variant,
        retention_days=retention_days,
        **said,
    )
    async with tenant_database(tenant) as (db, tenant_id):
        with use_locale("en"), _naming_options():  # as all that commands say
            await types.create(db, tenant_id, name, mine, lasting=not live, actor=ACTOR)
    say(f"{tenant} knows {name}")


@app.command
async def retire(name: str, /, *, tenant: str) -> None:
    """Refuse a type of the tenant's own from now on. What has arrived stays.

    Args:
        name: such as card:sold.
        tenant: the tenant's short name.
    """
    await _retire(name, tenant, retired=True)
    say(f"{name} is retired")


@app.command
async def use_again(name: str, /, *, tenant: str) -> None:
    """Take a retired type again.

    Args:
        name: such as card:sold.
        tenant: the tenant's short name.
    """
    await _retire(name, tenant, retired=False)
    say(f"{tenant} knows {name}")


@app.command(name="list")
async def list_(*, tenant: str) -> None:
    """What a tenant may publish.

    Args:
        tenant: the tenant's short name.
    """
    async with tenant_database(tenant) as (db, tenant_id), db.bus() as bus:
        found = await event_types.of_tenant(bus, tenant_id)
    columns = ("name", "lasting", "priority", "variant", "is_builtin")
    say_table(
        ("name", "lasting", "priority", "variant", "built in"),
        [[kind[column] for column in columns] for kind in found],
    )


async def _retire(name: str, tenant: str, *, retired: bool) -> None:
    async with tenant_database(tenant) as (db, tenant_id):
        await types.retire(db, tenant_id, name, retired=retired, actor=ACTOR)


@contextmanager
def _naming_options() -> Iterator[None]:
    """Each mistake with the option that it is in: a command has no field to show it at."""
    try:
        yield
    except Invalid as error:
        faults = [one for one in error.errors if one.field]
        if not faults:
            raise
        said = " ".join(f"--{one.field.replace('_', '-')}: {one.message}" for one in faults)
        icons = f"Icons: {', '.join(types.ICONS)}."
        hint = icons if any(one.field == "icon" for one in faults) else error.hint
        raise Invalid(said, hint=hint) from None


def _own_type(**said: Any) -> OwnType:
    try:
        return OwnType(**said)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{first['loc'][0]}: {first['msg']}") from None
