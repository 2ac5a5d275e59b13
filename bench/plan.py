"""What a run measures, and how much of it."""

from dataclasses import dataclass

SECTIONS = ("contest", "latency", "memory", "http", "sql", "browser", "inbox", "administration")
SIZES = (10_000, 1_000_000, 10_000_000)
"""Notifications in a tenant that grows."""


@dataclass(frozen=True)
class Plan:
    """How much is measured; times in seconds.

    asked: how often each page. people: whom a policy is looked ahead for. turns: of each fan_out().
    """

    rounds: int
    subscribers: int
    contest: float
    latency: float
    publishing: float
    idle: tuple[int, ...]
    rings: int
    inbox: tuple[int, ...]
    asked: int
    people: int
    turns: int
    install: bool


FULL = Plan(3, 1000, 2.0, 8.0, 3.0, (1000, 5000), 40, SIZES, 200, 10_000, 60, install=True)
QUICK = Plan(1, 200, 0.7, 2.0, 1.0, (200,), 10, (2_000, 20_000), 30, 500, 5, install=False)
