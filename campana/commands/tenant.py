"""`tenant add` and `tenant list`."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import App

from campana import tenants
from campana.commands.output import say, say_rows
from campana.commands.place import database
from campana.errors import Invalid
from campana.i18n import DEFAULT_LOCALE

app = App(name="tenant", help="Add and list tenants.")


@app.command
async def add(
    slug: str,
    /,
    *,
    name: str,
    admin_role: list[str] | None = None,
    role: list[str] | None = None,
    module: list[str] | None = None,
    branch: list[str] | None = None,
    locale: str = DEFAULT_LOCALE,
    time_zone: str = tenants.DEFAULT_TIME_ZONE,
) -> None:
    """Found a tenant; prints its id.

    Args:
        slug: short name in SQL and addresses, such as tienda.
        name: as people read it.
        admin_role: a role that administers the tenant; repeatable. Default: ADMIN.
        role: any other role; repeatable.
        module: calendar, crm, pos, sales or inventory; repeatable.
        branch: a place of work; repeatable.
        locale: language of its people, es or en.
        time_zone: such as America/El_Salvador.
    """
    _check(time_zone)
    roles = dict.fromkeys(role or [], False) | dict.fromkeys(admin_role or ["ADMIN"], True)
    async with database() as db, db.bus() as bus, bus.transaction():
        tenant_id = await tenants.found(
            bus, slug, name, modules=module or (), roles=roles, locale=locale, time_zone=time_zone
        )
        for place in dict.fromkeys(branch or []):
            await tenants.add_branch(bus, tenant_id, place)
    say(str(tenant_id))


@app.command(name="list")
async def list_() -> None:
    """Every tenant of this installation."""
    async with database() as db, db.bus() as bus:
        rows = await tenants.everyone(bus)
    columns = ("slug", "name", "modules", "locale", "time_zone", "active")
    say_rows(rows, columns)


def _check(time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"There is no time zone {time_zone[:60]!r}.", field="time_zone") from None
