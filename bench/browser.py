"""Event → badge: from before publish_event() to the changed badge in a real Chromium."""

from bench.campana import Campana
from bench.process import MissingError


async def play(campana: Campana) -> dict[str, float]:
    """Milliseconds p50, p95, p99, max."""
    raise MissingError("the page is not measured yet")
