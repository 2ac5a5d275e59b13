"""`type add` and `type list`: the event types of a tenant."""

from cyclopts import App

from campana import event_types
from campana.commands.output import say, say_table
from campana.commands.place import ACTOR, database, tenant_named

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
) -> None:
    """Add a type beside the built-in ones.

    Args:
        name: such as card:sold.
        tenant: the tenant's short name.
        live: only a live message, never a notification; not kept, not replayed.
        priority: low, medium, high or urgent, unless the publisher says otherwise.
        variant: info, success, warning or error, unless the publisher says otherwise.
    """
    async with database() as db:
        row = await tenant_named(db, tenant)
        async with db.bus() as bus:
            await event_types.add(
                bus,
                row["id"],
                name,
                lasting=not live,
                priority=priority,
                variant=variant,
                actor=ACTOR,
            )
    say(f"{tenant} knows {name}")


@app.command(name="list")
async def list_(*, tenant: str) -> None:
    """What a tenant may publish.

    Args:
        tenant: the tenant's short name.
    """
    async with database() as db:
        row = await tenant_named(db, tenant)
        async with db.bus() as bus:
            found = await event_types.of_tenant(bus, row["id"])
    columns = ("name", "lasting", "priority", "variant", "is_builtin")
    say_table(
        ("name", "lasting", "priority", "variant", "built in"),
        [[kind[column] for column in columns] for kind in found],
    )
