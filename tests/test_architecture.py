"""The corridor stays straight: who may know whom, read from the imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = sorted((ROOT / "campana").rglob("*.py"))
HANDLERS = sorted((ROOT / "handlers").rglob("*.py"))

PUBLISHERS = ("campana.domains", "campana.door", "campana.gathering", "campana.commands.publish")
HTTP_DOOR = "handlers.publishing"
# Of the corridor each stage knows these; what all may know is not named.
STAGES: dict[str, set[str]] = {
    "events": set(),
    "publish": {"events"},
    "words": set(),
    "signals": set(),
    "outbox": {"words", "signals"},
    "dispatcher": {"outbox", "signals"},
    "inbox": {"signals"},
    "listener": {"signals"},
    "frames": {"words"},
    "stream": {"frames"},
    "news": {"frames", "stream"},
    "live": {"frames", "stream"},
    "hub": {"frames", "stream", "news", "live", "signals"},
    "wheel": {"frames", "stream", "hub"},
    "poll": {"frames", "stream", "live", "hub"},
    "clock": {"signals"},
    "corridor": {"clock", "dispatcher", "hub", "listener", "wheel"},
}
BUSINESS = {"events", "publish"}
SQL = re.compile(
    r"\s*(select\s.+\sfrom|insert\s+into|update\s.+\sset|delete\s+from|with\s.+\sas\s*\()\s", re.S
)


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imported(path: Path) -> set[str]:
    """Every module that a file imports, and every name from one, with dots."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def stages_in(path: Path) -> set[str]:
    return {name for name in STAGES if f"campana.{name}" in imported(path)}


def texts(path: Path) -> Iterator[str]:
    """Every text in a file but docstrings."""
    spoken = {
        id(node.value)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(parsed(path)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in spoken
        ):
            yield node.value


def test_the_product_knows_nothing_of_http() -> None:
    assert len(PRODUCT) > 50
    for path in PRODUCT:
        known = {name.partition(".")[0] for name in imported(path)}
        assert not known & {"aiohttp", "aiohttp_sse", "aiohttp_session", "handlers"}, module(path)


def test_sql_is_in_sql_files_and_handlers_run_none() -> None:
    for path in [*PRODUCT, *HANDLERS]:
        assert [text for text in texts(path) if SQL.match(text)] == [], module(path)
    for path in HANDLERS:
        assert not imported(path) & {"asyncpg", "campana.queries"}, module(path)


def test_publishing_has_few_doors() -> None:
    callers = {
        module(path)
        for path in [*PRODUCT, *HANDLERS]
        if "campana.publish" in imported(path) and not module(path).startswith(PUBLISHERS)
    }
    assert callers == {HTTP_DOOR}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_knows_only_those_it_must(stage: str) -> None:
    assert stages_in(ROOT / "campana" / f"{stage}.py") <= STAGES[stage]


def test_a_business_publishes_and_knows_nothing_else_of_the_corridor_or_of_another_one() -> None:
    domains = ROOT / "campana" / "domains"
    paths = sorted(domains.glob("*/*.py"))
    assert paths
    for path in paths:
        assert stages_in(path) <= BUSINESS, module(path)
        own = f"campana.domains.{path.parent.name}"
        others = {name for name in imported(path) if name.startswith("campana.domains.")}
        assert all(name.startswith(own) for name in others), module(path)
