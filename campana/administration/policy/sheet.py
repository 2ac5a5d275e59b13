"""What a page of the policy shows: one layer's cells, and what holds where it says nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana.administration.policy.cells import State, state
from campana.errors import NotFound
from campana.preferences.layers import TENANT
from campana.preferences.matrix import BUSINESSES, Row
from campana.preferences.policy import Layer, Layers, Lock, Masks
from campana.preferences.policy import cells as cells_of
from campana.queries import queries
from campana.vocabulary import TYPES, type_in_words

if TYPE_CHECKING:
    from campana.db import Tx
    from campana.users import Person

AT_ONCE = 50
"""Types of the tenant's own on one page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """state: what this layer says. above: what holds otherwise, and by which layer.

    lock: a layer above has locked it; then nothing can be said here.
    """

    channel: str
    state: State
    above: bool
    above_by: Layer
    lock: Lock | None = None
    reason: str = ""


@dataclass(frozen=True)
class Line:
    """A type: the layers up to this one (`role` holds nothing for the tenant's own layer)."""

    type: str
    role: str
    layers: Layers

    @property
    def masks(self) -> Masks:
        """What this layer says."""
        return self.layers.tenant if self.role == TENANT else self.layers.role

    @cached_property
    def cells(self) -> list[Cell]:
        tenant = Masks() if self.role == TENANT else self.layers.tenant
        above = cells_of(Layers(default=self.layers.default, tenant=tenant))
        return [
            Cell(
                one.channel,
                state(self.masks, one.bit),
                one.on,
                one.decided_by,
                one.lock,
                one.reason,
            )
            for one in above
        ]

    @property
    def business(self) -> str:
        return Row(self.type, self.layers).business


@dataclass(frozen=True, slots=True)
class Sheet:
    """role: '' is the tenant. more: `after` to go on with the tenant's own types.

    said: layer → how many types it says something of.
    """

    role: str
    roles: list[str]
    lines: list[Line]
    said: Mapping[str, int]
    more: str = ""

    def groups(self) -> list[tuple[str, list[Line]]]:
        """(business, its types), in the order in which businesses are shown."""
        found = [(name, [one for one in self.lines if one.business == name]) for name in BUSINESSES]
        return [(name, lines) for name, lines in found if lines]


async def read(tx: Tx, me: Person, role: str, *, sought: str = "", after: str = "") -> Sheet:
    """The layer of `role`; NotFound where there is none. sought: words of a type or its name."""
    roles = await roles_of(tx, me.tenant_id, role)
    wanted = _plain(sought)
    found = queries.policy.types(
        tx,
        tenant=me.tenant_id,
        after=after,
        known=[name for name in TYPES if _is_meant(name, wanted)],
        sought=wanted,
        limit=AT_ONCE + 1,
    )
    rows = [row async for row in found]
    own = [row["name"] for row in rows if row["is_own"]]
    more = own[AT_ONCE - 1] if len(own) > AT_ONCE else ""
    shown = {row["name"]: row["channels"] for row in rows if not more or row["name"] != own[-1]}
    said = {row["role"]: row["types"] async for row in queries.policy.said(tx, tenant=me.tenant_id)}
    return Sheet(role, roles, await lines(tx, me.tenant_id, role, shown), said, more)


async def roles_of(tx: Tx, tenant_id: UUID, role: str) -> list[str]:
    """All roles of the tenant; NotFound when `role` is none of them, nor the tenant."""
    roles = [row["name"] async for row in queries.tenant_roles.all(tx, tenant=tenant_id)]
    if role not in (TENANT, *roles):
        raise NotFound("There is no such role in this tenant.")
    return roles


async def lines(tx: Tx, tenant_id: UUID, role: str, defaults: Mapping[str, int]) -> list[Line]:
    """Types (name → default channels) with what the tenant and this role say of them."""
    rows = queries.policy.masks(tx, tenant=tenant_id, role=role, types=list(defaults))
    said = {(row["role"], row["type"]): _masks(row) async for row in rows}
    return [
        Line(
            name,
            role,
            Layers(
                default=channels,
                tenant=said.get((TENANT, name), Masks()),
                role=Masks() if role == TENANT else said.get((role, name), Masks()),
            ),
        )
        for name, channels in defaults.items()
    ]


async def named(tx: Tx, tenant_id: UUID, role: str, types: Collection[str]) -> dict[str, Line]:
    """The lines of these types; one that leaves no notifications is missing."""
    rows = queries.policy.defaults(tx, tenant=tenant_id, types=list(types))
    defaults = {row["type"]: row["channels"] async for row in rows}
    return {line.type: line for line in await lines(tx, tenant_id, role, defaults)}


def _masks(row: Mapping[str, Any]) -> Masks:
    return Masks(row["value"], row["chosen"], row["locked"], row["reason"])


def _is_meant(name: str, wanted: str) -> bool:
    return wanted in _plain(type_in_words(name)) or wanted in _plain(name)


def _plain(text: str) -> str:
    """Without what stands between words."""
    return " ".join(text.lower().replace("_", " ").replace(":", " ").split())
