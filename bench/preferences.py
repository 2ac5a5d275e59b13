"""Preferences: a person's page and one change of it, and an administrator's look ahead at a policy.

Two businesses that know 40 types. In `usual` three in ten people have chosen something of three
types, and one type is to change for all; in `worst` everybody has of all built-in types, and all of
these are to change.
"""

from __future__ import annotations

from bench.asking import Asked, Get, Send, ask_all, browser
from bench.campana import Campana, statement

TYPES = 40
LOOKS = 10
"""How often each look ahead is asked for."""


async def play(campana: Campana, people: int, times: int) -> dict[str, dict[str, float]]:
    """Of each: milliseconds p50, p95, p99 and the worst."""
    builtin = [row["name"] for row in await campana.look("builtin_types")]
    await found(campana, "usual", people, chosen_by=30, of_types=3)
    await found(campana, "worst", people, chosen_by=100, of_types=len(builtin))
    person: Asked = {
        "preferences page": [Get("/preferences")],
        "preference saved": [
            Send("/preferences/types", {"change": f"{builtin[0]} toast {state}"})
            for state in ("on", "off")
        ],
    }
    async with browser(campana.port, "u00001@usual.bench") as session:
        measured = await ask_all(session, person, times)
    for slug, types in (("usual", builtin[:1]), ("worst", builtin)):
        form = {"layer": "", **{f"{name} toast": "blocked" for name in types}}
        look: Asked = {f"policy preview, {slug}": [Send("/admin/policy/preview", form)]}
        async with browser(campana.port, f"u00010@{slug}.bench") as session:
            measured |= await ask_all(session, look, LOOKS)
    return measured


async def found(campana: Campana, slug: str, people: int, *, chosen_by: int, of_types: int) -> None:
    """A tenant with people; so many of a hundred have chosen something of so many types."""
    assert campana.owner
    await campana.owner.execute(statement("people"), slug, people)
    await campana.owner.execute(statement("own_types"), slug, TYPES)
    await campana.owner.execute(statement("choices"), slug, chosen_by, of_types)
    await campana.owner.execute("vacuum analyze")
