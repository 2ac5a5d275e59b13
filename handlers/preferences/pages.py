"""The page of preferences, and its part that forms answer with."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from aiohttp import web

from campana.channels import CHANNELS
from campana.preferences import matrix, muting, words
from campana.preferences.attention import DAYS, Attention, Personal
from campana.preferences.policy import Layers
from campana.preferences.trial import Outcome
from handlers import flashes, replies
from handlers.app_keys import DB
from handlers.guards import signed_in
from handlers.render import page

PAGE = "/preferences"
PART = "preferences/_preferences.html"
MOST_SUBJECTS = 20
"""That are offered for muting."""


@signed_in
async def index(request: web.Request) -> web.StreamResponse:
    """GET /preferences"""
    left = await flashes.take(request)
    return await show(request, left[0] if left else None)


@signed_in
async def part(request: web.Request) -> web.StreamResponse:
    """GET /preferences/part: the same without the page around it, after a change elsewhere."""
    return page(request, PART, **await _context(request))


async def show(
    request: web.Request, said: dict[str, str] | None, status: int = 200, **more: Any
) -> web.StreamResponse:
    """The page as it is now, saying what has just been done; for htmx the part of it."""
    context = {**await _context(request), "said": said, **more}
    if replies.is_htmx(request):
        return page(request, PART, **context)
    return page(request, "preferences/index.html", status, zones=_zones(), **context)


def told(outcome: Outcome) -> dict[str, Any]:
    """What became of a test, for the page."""
    return {
        "outcome": outcome,
        "reached": words.mask_in_words(outcome.channels),
        "steps": [words.step_in_words(step) for step in outcome.decision.steps],
    }


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    """What the field for the time zone proposes."""
    return sorted(zone for zone in available_timezones() if "/" in zone)


async def _context(request: web.Request) -> dict[str, Any]:
    person = request["person"]
    async with request.app[DB].tenant(person.tenant_id, person.id) as tx:
        now = await matrix.of_person(tx, person)
        subjects = await muting.recent_subjects(tx, person)
    return {
        "prefs": now,
        "groups": now.groups(person.modules),
        "channels": CHANNELS,
        "shown": [channel for channel in CHANNELS if channel.is_set_up],
        "own": now.common.personal,
        "first": {name: now.common.first(name) for name in Attention.__slots__},
        "above": _above(now.common),
        "paused_until": now.common.personal.pause_at(dt.datetime.now(dt.UTC)),
        "tomorrow": _tomorrow(now.common.time_zone),
        "subjects": [one for one in subjects if not one.is_muted][:MOST_SUBJECTS],
        "titles": {one.name: one.title for one in subjects},
        "days": [(DAYS[place], 1 << place, name) for place, name in words.week()],
        "say": words,
    }


def _above(common: Layers) -> dict[str, Any]:
    """What would hold if this person said nothing: (value, layer) by name."""
    silent = replace(common, personal=Personal())
    return {name: silent.first(name) for name in Attention.__slots__}


def _tomorrow(time_zone: str) -> dt.date:
    return dt.datetime.now(ZoneInfo(time_zone)).date() + dt.timedelta(days=1)
