"""What Campana set out to reach, and whether this run reached it."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

Raw = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """`at_least` or `at_most` `limit`; value(raw) is None when the run did not measure it."""

    name: str
    value: Callable[[Raw], float | None]
    limit: float
    unit: str
    at_least: bool = False

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def wanted(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:,g} {self.unit}".strip()


def speeds(raw: Raw, contestant: str, mode: str) -> list[float]:
    """Deliveries/s of all rounds of one contestant in one mode."""
    return [
        one["deliveries_per_second"]
        for one in raw.get("rounds", [])
        if (one["contestant"], one["mode"]) == (contestant, mode)
    ]


def ratio(raw: Raw, peer: str, mode: str) -> float | None:
    """Campana's median speed in multiples of a peer's."""
    ours, theirs = speeds(raw, "campana", mode), speeds(raw, peer, mode)
    return median(ours) / median(theirs) if ours and theirs else None


def beats(peer: str) -> Callable[[Raw], float | None]:
    return lambda raw: ratio(raw, peer, "bursts")


def fact(*path: str) -> Callable[[Raw], float | None]:
    """A number somewhere in the raw results; lists of rounds give their median."""

    def value(raw: Raw) -> float | None:
        found: Any = raw
        for name in path:
            if isinstance(found, list):
                found = [one[name] for one in found]
            else:
                found = (found or {}).get(name)
        if isinstance(found, list):
            return float(median(found)) if found else None
        return None if found is None else float(found)

    return value


def grows(name: str, section: str = "inbox") -> Callable[[Raw], float | None]:
    """How much longer an answer takes (p50) with the most notifications than with the fewest."""

    def value(raw: Raw) -> float | None:
        found = list(raw.get(section, {}).values())
        return found[-1][name]["p50"] / found[0][name]["p50"] if len(found) > 1 else None

    return value


ADMINISTRATION = "administration"
"""The section that asks for log, "Why?" and statistics."""
FAN_OUT = {"many": "10 events for 1,000", "mixed": "20 mixed ones", "one": "one for one"}
"""The loads of bench/layers.py, in words."""

TARGETS = (
    Target("durable broadcast in bursts, against nchan", beats("nchan"), 2, "×", True),
    Target("… against Socket.IO", beats("socketio"), 2.5, "×", True),
    Target("… against python-socketio", beats("python-socketio"), 10, "×", True),
    Target("latency, one recipient, 400/s: p50", fact("latency", "one", "p50"), 5, "ms"),
    Target("latency, one recipient, 400/s: p99", fact("latency", "one", "p99"), 15, "ms"),
    Target("latency, broadcast, 20/s: p99", fact("latency", "broadcast", "p99"), 60, "ms"),
    Target(
        "publish_event() against a plain insert, dispatcher stopped",
        fact("sql", "stopped", "share"),
        0.6,
        "×",
        True,
    ),
    Target("… dispatcher running", fact("sql", "running", "share"), 0.4, "×", True),
    Target("HTTP, one by one", fact("http", "one_by_one"), 1000, "events/s", True),
    Target("HTTP, in arrays", fact("http", "arrays"), 10_000, "events/s", True),
    Target("memory per idle stream, 1,000 open", fact("memory", "1000"), 16, "KiB"),
    Target("memory per idle stream, 5,000 open", fact("memory", "5000"), 16, "KiB"),
    Target("event to badge in a browser: p99", fact("browser", "p99"), 100, "ms"),
    Target("badge, 10,000,000 notifications against 10,000", grows("badge"), 2, "×"),
    Target("panel, 10,000,000 notifications against 10,000", grows("panel"), 2, "×"),
    Target(
        "panel with 1,000,000 notifications: p99",
        fact("inbox", "1000000", "panel", "p99"),
        20,
        "ms",
    ),
    Target(
        "page with 1,000,000 notifications: p99", fact("inbox", "1000000", "page", "p99"), 20, "ms"
    ),
    Target(
        "search with 10,000,000 notifications: p99",
        fact("inbox", "10000000", "search", "p99"),
        50,
        "ms",
    ),
    *(
        Target(
            f"{name}, 10,000,000 notifications against 10,000", grows(name, ADMINISTRATION), 2, "×"
        )
        for name in ("log", "log, older", "log, filtered", "why", "statistics")
    ),
    Target(
        "why with 10,000,000 notifications: p99",
        fact(ADMINISTRATION, "10000000", "why", "p99"),
        100,
        "ms",
    ),
    *(
        Target(f"{name}, 40 types: p95", fact("preferences", name, "p95"), 50, "ms")
        for name in ("preferences page", "preference saved")
    ),
    *(
        Target(f"{name}, 10,000 people: p95", fact("preferences", name, "p95"), 1000, "ms")
        for name in ("policy preview, usual", "policy preview, worst")
    ),
    *(
        Target(
            f"fan_out() with preferences in layers against none, {FAN_OUT[load]}",
            fact("layers", load, "layered/plain"),
            1.1,
            "×",
        )
        for load in FAN_OUT
    ),
    *(
        Target(
            f"… against asking nobody what they prefer, {FAN_OUT[load]}",
            fact("layers", load, "layered/unasked"),
            1.1,
            "×",
        )
        for load in FAN_OUT
    ),
)
