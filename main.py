"""Campana: composition root and command line.

settings → database → corridor → web application → serving, and back in reverse.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvloop
from aiohttp import web

from campana import address
from campana import log as logging
from campana.commands.failures import exit_code
from campana.commands.program import all_commands
from campana.corridor import Corridor
from campana.installation import opened
from campana.settings import Settings
from handlers.application import application

log = structlog.get_logger()

SHUTDOWN_SECONDS = 4.0
LEAVING_SECONDS = 40.0
"""For streams, rounds and the embedded server; service managers wait 90."""
YOUNG = 20_000
"""Objects that the garbage collector lets gather: more than one broadcast to thousands makes."""


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; streams are sent away first, so that nobody waits."""
    stop = _told_to_stop()
    somebody_is_there = await address.occupied(settings)
    async with opened(settings) as db:
        if somebody_is_there:
            await address.shared(db, settings)
        corridor = Corridor(db, settings)
        app = application(settings, db, corridor)
        async with corridor.running(), _listening(app, settings) as url:
            _settle()
            if settings.redis_url:
                log.warning("redis_url.unused", hint="hints go through PostgreSQL", success=False)
            log.info("serving", url=url, demo=settings.demo)
            await stop.wait()
            log.info("leaving", streams=corridor.hub.count)
            await corridor.drain()


@asynccontextmanager
async def _listening(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """The application takes requests at this address."""
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
        keepalive_timeout=settings.idle_seconds,
        auto_decompress=False,  # compressed bodies are refused, see handlers/middleware.py
    )
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, backlog=2048, reuse_port=True)
    try:
        await site.start()
        yield f"http://{_bracketed(settings.host)}:{_port(site)}"
    finally:
        await runner.cleanup()


def _told_to_stop() -> asyncio.Event:
    """Set by SIGINT or SIGTERM; LEAVING_SECONDS later, or told again, the process gives up."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    since = 0.0

    def leave() -> None:
        nonlocal since
        if not stop.is_set():
            since = loop.time()
            stop.set()
            loop.call_later(LEAVING_SECONDS, _give_up, "the database does not answer")
        elif loop.time() - since > 1:  # shells and supervisors send the same signal twice
            _give_up("told again")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
    return stop


def _give_up(reason: str) -> None:
    """Go as after kill -9: everything that counts is in the database."""
    log.error("gave_up", reason=reason, success=False)
    os._exit(1)


def _settle() -> None:
    """What is there by now stays for good: the collector need not walk through it again.

    It would, every few seconds under load, and nobody would be served for 100 ms and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(site: web.TCPSite) -> int:
    server = site._server
    return int(server.sockets[0].getsockname()[1])  # type: ignore[union-attr]


def _serve() -> None:
    """Serve until told to stop (SIGINT, SIGTERM); makes everything ready first."""
    settings = Settings.load()
    logging.configure(settings.log_level, settings.log_format)
    uvloop.run(serve(settings))


def main() -> int:
    app = all_commands()
    app.command(_serve, name="serve", sort_key=0)
    return exit_code(app, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
