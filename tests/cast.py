"""The cast: people with their rights in their names, in every test's database.

Tenant `norte` has all modules. `sur` is another tenant whose people must never see anything of it.
Beside them live the demo tenants. Everybody's password is `demo`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from campana import demo, keys, passwords, tenants, users
from campana.db import Database, Tx
from campana.users import Person

PASSWORD = demo.PASSWORD
ACTOR = "test"
NOBODY = UUID(int=0)  # until the database gives ids
NORTE_ROLES = {"ADMIN": True, "STAFF": False, "COOK": False}
SUR_ROLES = {"ADMIN": True, "STAFF": False}
NO_ALERTS = """
update campana.tenant_settings
set most_latency = 600000, most_errors = 100, most_reconnections = 100
"""
"""What is slow or breaks would be told to administrators, beside what the programs publish."""
USUAL_ALERTS = """
update campana.tenant_settings
set most_latency = default, most_errors = default, most_reconnections = default
"""


@dataclass(frozen=True)
class Member:
    """Somebody of a tenant."""

    tenant: str
    email: str
    name: str
    role: str
    branch: str | None = None
    tenant_id: UUID = NOBODY
    id: UUID = NOBODY


@dataclass(frozen=True)
class Cast:
    """Everybody, with the ids that this run's database gave them."""

    ana_admin: Member = Member("norte", "ana@norte.test", "Ana Admin", "ADMIN")
    luis_colleague: Member = Member("norte", "luis@norte.test", "Luis Colega", "STAFF", "Centro")
    rosa_colleague: Member = Member("norte", "rosa@norte.test", "Rosa Colega", "STAFF", "Puerto")
    carlos_cook: Member = Member("norte", "carlos@norte.test", "Carlos Cocina", "COOK", "Centro")
    ines_inactive: Member = Member("norte", "ines@norte.test", "Inés Inactiva", "STAFF")
    eva_stranger: Member = Member("sur", "eva@sur.test", "Eva Extraña", "ADMIN")
    leo_stranger: Member = Member("sur", "leo@sur.test", "Leo Extraño", "STAFF")

    norte_key: str = "ck_norte_all"  # publish, read, impersonate
    norte_publish_key: str = "ck_norte_publish"
    norte_read_key: str = "ck_norte_read"
    norte_revoked_key: str = "ck_norte_revoked"
    norte_expired_key: str = "ck_norte_expired"
    sur_key: str = "ck_sur_all"

    norte: UUID = NOBODY
    sur: UUID = NOBODY

    def people(self) -> dict[str, Member]:
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in fields.items() if isinstance(value, Member)}

    def of(self, tenant: str) -> list[Member]:
        return [member for member in self.people().values() if member.tenant == tenant]


def person(member: Member, locale: str = "es") -> Person:
    """Who this member is to a verb, without asking the database."""
    return Person(
        tenant_id=member.tenant_id,
        tenant_slug=member.tenant,
        tenant_name=member.tenant,
        modules=("sales",),
        id=member.id,
        email=member.email,
        name=member.name,
        role=member.role,
        administers=member.role == "ADMIN",
        branch_id=None,
        locale=locale,
        time_zone="UTC",
        auth_version=1,
    )


async def person_of(db: Database, member: Member) -> Person:
    """The same as the database knows this member now."""
    async with db.bus() as bus:
        row = await bus.fetchrow("select * from campana.people() where id = $1", member.id)
    return Person.from_row(row)


async def enter(db: Database) -> Cast:
    """Writes the cast into a database without it."""
    cast = Cast()
    async with db.bus() as bus, bus.transaction():
        cast = dataclasses.replace(cast, **await _found(bus))
        cast = dataclasses.replace(cast, **await _add_people(bus, cast))
    await users.deactivate(db, cast.norte, cast.ines_inactive.id, actor=ACTOR)
    await _give_keys(db, cast)
    return cast


async def _found(bus: Tx) -> dict[str, UUID]:
    norte = await tenants.found(
        bus, "norte", "Comercial Norte", modules=tenants.MODULES, roles=NORTE_ROLES
    )
    for branch in ("Centro", "Puerto"):
        await tenants.add_branch(bus, norte, branch)
    sur = await tenants.found(bus, "sur", "Comercial Sur", modules=["sales"], roles=SUR_ROLES)
    return {"norte": norte, "sur": sur}


async def _add_people(bus: Tx, cast: Cast) -> dict[str, Member]:
    password_hash = await passwords.hashed(PASSWORD)
    added = {}
    for name, member in cast.people().items():
        tenant_id: UUID = getattr(cast, member.tenant)
        user_id = await users.add(
            bus,
            tenant_id,
            email=member.email,
            name=member.name,
            role=member.role,
            branch=member.branch,
            password_hash=password_hash,
            actor=ACTOR,
        )
        added[name] = dataclasses.replace(member, tenant_id=tenant_id, id=user_id)
    return added


async def _give_keys(db: Database, cast: Cast) -> None:
    async def give(tenant_id: UUID, key: str, *scopes: str, until: datetime | None = None) -> UUID:
        return await keys.remember(
            db, tenant_id, key, name=key, scopes=scopes, expires_at=until, actor=ACTOR
        )

    await give(cast.norte, cast.norte_key, *keys.SCOPES)
    await give(cast.norte, cast.norte_publish_key, "publish")
    await give(cast.norte, cast.norte_read_key, "read")
    await give(cast.sur, cast.sur_key, *keys.SCOPES)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await give(cast.norte, cast.norte_expired_key, *keys.SCOPES, until=yesterday)
    revoked = await give(cast.norte, cast.norte_revoked_key, *keys.SCOPES)
    await keys.revoke(db, cast.norte, revoked, actor=ACTOR)
