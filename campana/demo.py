"""Demo data: five businesses in four tenants, everybody's password is `demo`.

`fill(db)` on an empty database, `add_people(db, n)` for load tests. One click on the sign-in
page is one of `one_click_people()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from campana import keys, passwords, tenants, users
from campana.errors import Invalid
from campana.preferences import presets
from campana.queries import queries

if TYPE_CHECKING:
    from campana.db import Database, Tx

PASSWORD = "demo"  # noqa: S105 - everybody may know it
ACTOR = "command line"
MOST_PEOPLE = 1_000_000
LOAD_TENANT = "carga"
LOAD_ROLES = {"ADMIN": True, "STAFF": False}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as."""

    email: str
    name: str
    role: str
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """A business with its people; `roles` says which of them administer it."""

    slug: str
    name: str
    modules: tuple[str, ...]
    roles: dict[str, bool]
    people: tuple[DemoPerson, ...]
    branches: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"demo-{self.slug}"


TENANTS = (
    DemoTenant(
        slug="salon",
        name="Salón Izalco",
        modules=("calendar",),
        roles={"ADMIN": True, "PROFESSIONAL": False, "RECEPTIONIST": False},
        branches=("Centro", "Escalón"),
        people=(
            DemoPerson("admin@salon.demo", "Adriana Rivas", "ADMIN"),
            DemoPerson("ana@salon.demo", "Ana Menjívar", "PROFESSIONAL", "Centro"),
            DemoPerson("luis@salon.demo", "Luis Orellana", "PROFESSIONAL", "Escalón"),
            DemoPerson("recepcion@salon.demo", "Rebeca Cruz", "RECEPTIONIST", "Centro"),
        ),
    ),
    DemoTenant(
        slug="crm",
        name="Ventas Cuscatlán",
        modules=("crm",),
        roles={"CEO": True, "SELLER": False, "SECRETARY": False},
        people=(
            DemoPerson("ceo@crm.demo", "Cecilia Ayala", "CEO"),
            DemoPerson("juan@crm.demo", "Juan Portillo", "SELLER"),
            DemoPerson("maria@crm.demo", "María Funes", "SELLER"),
            DemoPerson("secretaria@crm.demo", "Silvia Guevara", "SECRETARY"),
        ),
    ),
    DemoTenant(
        slug="pupuseria",
        name="Pupusería La Ceiba",
        modules=("pos",),
        roles={"MANAGER": True, "COOK": False, "WAITER": False, "CASHIER": False},
        people=(
            DemoPerson("manager@pupuseria.demo", "Mónica Alvarado", "MANAGER"),
            DemoPerson("cocina@pupuseria.demo", "Carlos Zelaya", "COOK"),
            DemoPerson("mesero@pupuseria.demo", "Mario Henríquez", "WAITER"),
            DemoPerson("cajero@pupuseria.demo", "Camila Barrera", "CASHIER"),
        ),
    ),
    DemoTenant(
        slug="tienda",
        name="Tienda El Faro",
        modules=("sales", "inventory"),
        roles={"ADMIN": True, "SALES": False, "WAREHOUSE": False},
        branches=("San Benito", "Bodega central"),
        people=(
            DemoPerson("admin@tienda.demo", "Alma Cáceres", "ADMIN"),
            DemoPerson("ventas@tienda.demo", "Víctor Escobar", "SALES", "San Benito"),
            DemoPerson("bodega@tienda.demo", "Beatriz Lemus", "WAREHOUSE", "Bodega central"),
        ),
    ),
)


def one_click_people() -> list[tuple[DemoTenant, DemoPerson]]:
    """Everybody the demo's sign-in page offers, in the order of the contract."""
    return [(tenant, person) for tenant in TENANTS for person in tenant.people]


async def fill(db: Database) -> bool:
    """The demo tenants on an empty database; False when somebody lives there already."""
    password_hash = await passwords.hashed(PASSWORD)
    async with db.bus() as bus, bus.transaction():
        if await tenants.exist(bus):
            return False
        founded = [(tenant, await _found(bus, tenant, password_hash)) for tenant in TENANTS]
    for tenant, tenant_id in founded:
        await _give_key(db, tenant_id, tenant.key)
    return True


async def add_people(db: Database, count: int) -> int:
    """Tenant `carga` with people u00001@carga.demo … up to `count`; how many are new.

    10,000 take about a second: one statement, one password hash for all.
    """
    if not 1 <= count <= MOST_PEOPLE:
        raise Invalid(f"Between 1 and {MOST_PEOPLE:,} people, please.", field="people")
    password_hash = await passwords.hashed(PASSWORD)
    async with db.bus() as bus, bus.transaction():
        tenant_id, is_new = await _load_tenant(bus)
        status = await queries.users.add_many(
            bus,
            tenant_id=tenant_id,
            domain=f"{LOAD_TENANT}.demo",
            count=count,
            password_hash=password_hash,
        )
    if is_new:
        await _give_key(db, tenant_id, f"demo-{LOAD_TENANT}")
    return int(str(status).rsplit(" ", 1)[-1])


async def _found(bus: Tx, tenant: DemoTenant, password_hash: str) -> UUID:
    tenant_id = await tenants.found(
        bus, tenant.slug, tenant.name, modules=tenant.modules, roles=tenant.roles
    )
    for branch in tenant.branches:
        await tenants.add_branch(bus, tenant_id, branch)
    for person in tenant.people:
        await users.add(
            bus,
            tenant_id,
            email=person.email,
            name=person.name,
            role=person.role,
            branch=person.branch,
            password_hash=password_hash,
            actor=ACTOR,
        )
    for role in tenant.roles:
        await presets.apply(bus, tenant_id, role, actor=ACTOR)
    return tenant_id


async def _load_tenant(bus: Tx) -> tuple[UUID, bool]:
    found = await queries.tenants.find(bus, slug=LOAD_TENANT)
    if found:
        return found["id"], False
    return await tenants.found(bus, LOAD_TENANT, "Carga de prueba", roles=LOAD_ROLES), True


async def _give_key(db: Database, tenant_id: UUID, key: str) -> None:
    await keys.remember(db, tenant_id, key, name="Demo", scopes=keys.SCOPES, actor=ACTOR)
