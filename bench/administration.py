"""What administrators of a big tenant look into: the log, "Why?" and statistics, by HTTP."""

from __future__ import annotations

from bench.asking import Asked, Get, ask_all, browser
from bench.campana import Campana

ADMINISTRATOR, SOMEBODY, NOBODY = 9, 7, 8
"""People by their places: every tenth administers; the others were sent much and little."""


async def play(campana: Campana, times: int) -> dict[str, dict[str, float]]:
    """Of each of `asked()`: milliseconds p50, p95, p99 and the worst."""
    async with browser(campana.port, campana.person(ADMINISTRATOR)) as session:
        return await ask_all(session, await asked(campana), times)


async def asked(campana: Campana) -> Asked:
    """The log whole, and by filters that find much, something, nothing; "Why?" and why not."""
    places = (await campana.look("log_places"))[0]
    people = [campana.person(place) for place in (SOMEBODY, NOBODY)]
    filters = (
        "type=announcement:published",
        "type=sale:created",
        "audience=all",
        f"person={people[0]}",
        f"actor={people[0]}",
        "subject=sale:0",
    )
    return {
        "log": [Get("/admin/log")],
        "log, older": [Get(f"/admin/log?before={place}") for place in places["older"]],
        "log, filtered": [Get(f"/admin/log?{one}") for one in filters],
        "why": [
            Get(f"/admin/log/{places[event]}/why?person={person}")
            for event in ("broadcast", "single")
            for person in people
        ],
        "statistics": [Get("/admin/statistics")],
    }
