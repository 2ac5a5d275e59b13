"""How a big tenant's inboxes answer: badge, panel, page and search, by HTTP."""

from __future__ import annotations

from bench.asking import Get, ask_all, browser
from bench.campana import Campana

ASKED = {
    "badge": [Get("/api/notifications?unread=true&limit=1")],
    "panel": [Get("/notifications/latest")],
    "page": [Get("/notifications")],
    # one that a single event says, some that many say, a beginning, none; stems and without accents
    "search": [
        Get(f"/notifications/list?q={words}")
        for words in ("0000003", "jose+tamal", "pedido", "horch", "zanahoria", "oscar+cafes")
    ],
}


async def play(campana: Campana, times: int) -> dict[str, dict[str, float]]:
    """Of each of ASKED: milliseconds p50, p95, p99 and the worst."""
    async with browser(campana.port, campana.person(0)) as session:
        return await ask_all(session, ASKED, times)
