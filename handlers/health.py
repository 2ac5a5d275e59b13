"""How this process is: for people, for load balancers, for whoever restarts it."""

from __future__ import annotations

from time import monotonic
from typing import Literal

from aiohttp import web
from pydantic import Field

from campana import VERSION, health
from handlers import replies
from handlers.app_keys import CORRIDOR, DB, HUB
from handlers.declare import Shape, operation
from handlers.guards import public

STARTED = monotonic()


class DatabaseHealth(Shape):
    """How the database answers."""

    ok: bool
    latency_ms: float | None
    version: str | None


class Health(Shape):
    """How this process is."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    database: DatabaseHealth
    dispatcher: Literal["running", "away"] = Field(description="Of any process.")
    listener: Literal["connected", "away"] = Field(description="Of this process.")
    streams: int
    uptime: float = Field(description="Seconds.")


class Live(Shape):
    """The process answers."""

    live: Literal[True]


class Ready(Shape):
    """Whether requests are welcome, and if not, why: leaving, database or migrations."""

    ready: bool
    reason: Literal["leaving", "database", "migrations"] | None


@public
@operation("How this process is", tag="operations", answers={200: Health, 503: Health})
async def show(request: web.Request) -> web.Response:
    """GET /api/health

    ok; degraded when bells ring late (listener or dispatcher away); unavailable, with 503, when
    the database does not answer.
    """
    database = await health.look(request.app[DB])
    listener = _listener(request)
    dispatcher = "running" if database.dispatching else "away"
    told = {
        "status": _status(database.ok, listener, dispatcher),
        "version": VERSION,
        "database": {
            "ok": database.ok,
            "latencyMs": database.latency_ms,
            "version": database.version,
        },
        "dispatcher": dispatcher,
        "listener": listener,
        "streams": request.app[HUB].count,
        "uptime": round(monotonic() - STARTED, 1),
    }
    return replies.json(told, status=200 if database.ok else 503)


@public
@operation("Whether the process lives", tag="operations", answers={200: Live})
async def live(request: web.Request) -> web.Response:
    """GET /health/live: restart it when this does not answer."""
    return replies.json({"live": True})


@public
@operation(
    "Whether to send requests here",
    tag="operations",
    answers={200: Ready, 503: Ready},
)
async def ready(request: web.Request) -> web.Response:
    """GET /health/ready

    503 while it leaves, while the database does not answer, and while migrations are missing.
    """
    reason = await _reason_to_wait(request)
    return replies.json({"ready": reason is None, "reason": reason}, status=503 if reason else 200)


async def _reason_to_wait(request: web.Request) -> str | None:
    if request.app[HUB].draining:
        return "leaving"
    if not (await health.look(request.app[DB])).ok:
        return "database"
    if not await health.is_migrated(request.app[DB]):
        return "migrations"
    return None


def _listener(request: web.Request) -> str:
    corridor = request.app.get(CORRIDOR)
    return "connected" if corridor is not None and corridor.listener.connected else "away"


def _status(database: bool, listener: str, dispatcher: str) -> str:
    if not database:
        return "unavailable"
    return "ok" if (listener, dispatcher) == ("connected", "running") else "degraded"
