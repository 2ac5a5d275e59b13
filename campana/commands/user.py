"""`user add`, `list`, `deactivate`, `activate`, `role`, `password`, `export` and `erase`."""

import getpass
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from cyclopts import App

from campana import passwords, privacy, users
from campana.administration import privacy as own_data
from campana.commands.failures import CommandError
from campana.commands.output import remark, say, say_rows
from campana.commands.place import ACTOR, database, tenant_database
from campana.db import Database
from campana.errors import NotFound
from campana.i18n import use_locale
from campana.queries import queries

app = App(name="user", help="Add, list and change the people of a tenant.")


@app.command
async def add(
    email: str,
    /,
    *,
    tenant: str,
    name: str,
    role: str,
    branch: str | None = None,
    password_stdin: bool = False,
    no_password: bool = False,
) -> None:
    """Add a person. The password is made up and shown once, unless you say otherwise.

    Args:
        email: unique in this installation; what the person signs in with.
        tenant: the tenant's short name.
        name: as colleagues read it.
        role: a role of the tenant, such as ADMIN.
        branch: where the person works.
        password_stdin: read the password from standard input; on a terminal you are asked.
        no_password: the person cannot sign in by password.
    """
    password = None if no_password else _password(from_stdin=password_stdin)
    password_hash = None if password is None else await passwords.hashed(password)
    async with tenant_database(tenant) as (db, tenant_id), db.bus() as bus, bus.transaction():
        user_id = await users.add(
            bus,
            tenant_id,
            email=email,
            name=name,
            role=role,
            branch=branch,
            password_hash=password_hash,
            actor=ACTOR,
        )
    say(str(user_id))
    _show(password, made_up=not password_stdin)


@app.command(name="list")
async def list_(*, tenant: str) -> None:
    """The people of a tenant.

    Args:
        tenant: the tenant's short name.
    """
    async with tenant_database(tenant) as (db, tenant_id), db.tenant(tenant_id) as tx:
        people = [row async for row in queries.users.of_tenant(tx, tenant_id=tenant_id)]
    columns = ("email", "name", "role", "active", "id")
    say_rows(people, columns)


@app.command
async def deactivate(email: str, /) -> None:
    """End all access of a person, on every device, at once.

    Args:
        email: whose.
    """
    async with _somebody(email) as (db, found):
        await users.deactivate(db, found["tenant_id"], found["id"], actor=ACTOR)
    say(f"{found['email']} is out")


@app.command
async def activate(email: str, /) -> None:
    """Let a person sign in again.

    Args:
        email: whom.
    """
    async with _somebody(email) as (db, found):
        await users.activate(db, found["tenant_id"], found["id"], actor=ACTOR)
    say(f"{found['email']} may sign in again")


@app.command
async def role(email: str, role: str, /) -> None:
    """Give a person another role; sessions and streams opened before end.

    Args:
        email: whom.
        role: a role of the tenant, such as ADMIN.
    """
    async with _somebody(email) as (db, found):
        await users.change_role(db, found["tenant_id"], found["id"], role, actor=ACTOR)
    say(f"{found['email']} is {role}")


@app.command
async def password(email: str, /, *, password_stdin: bool = False) -> None:
    """Give a person a new password; sessions opened before end.

    Args:
        email: whom.
        password_stdin: read it from standard input; else it is made up and shown once.
    """
    chosen = _password(from_stdin=password_stdin)
    async with _somebody(email) as (db, found):
        await users.change_password(db, found["tenant_id"], found["id"], chosen, actor=ACTOR)
    _show(chosen, made_up=not password_stdin)


@app.command
async def export(email: str, /) -> None:
    """Everything that is kept of a person, one JSON object per line.

    Args:
        email: whose.
    """
    async with _somebody(email) as (db, found):
        async for piece in own_data.export(db, found["tenant_id"], found["id"]):
            say(orjson.dumps(piece, default=str).decode())


@app.command
async def erase(email: str, /, *, yes: bool = False) -> None:
    """End all access of a person and erase what is kept of them. Nothing brings it back.

    Args:
        email: whom.
        yes: you mean it.
    """
    if not yes:
        raise CommandError("this cannot be undone: add --yes if you mean it")
    async with _somebody(email) as (db, found):
        with use_locale("en"):  # as all that commands say
            await own_data.erase(db, found["tenant_id"], found["id"], actor=ACTOR)
        remark("the account is gone; inbox and words of events follow")
        done = await privacy.proceed(db, found["tenant_id"], found["id"])
    say(
        f"erased, with {done.notifications} notifications; {done.events} events no longer name them"
    )


@asynccontextmanager
async def _somebody(email: str) -> AsyncIterator[tuple[Database, Any]]:
    async with database() as db:
        async with db.bus() as bus:
            found = await queries.users.find_by_email(bus, email=email)
        if found is None:
            raise NotFound(f"Nobody here uses the e-mail {email[:80]!r}.")
        yield db, found


def _password(*, from_stdin: bool) -> str:
    """A password in the arguments would be everybody's to read."""
    if not from_stdin:
        return secrets.token_urlsafe(12)
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != typed:
        raise CommandError("these were two different passwords")
    return typed


def _show(password: str | None, *, made_up: bool) -> None:
    if password is not None and made_up:
        remark("the password, shown this once:")
        say(password)
