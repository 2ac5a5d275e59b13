"""The house rules that imports can show; docs/architecture.md says why they are there.

A rule that stops you is a question, not an order: change the list here when the answer is good.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WEB = {"aiohttp.web", "aiohttp_session", "aiohttp_jinja2", "aiohttp_sse", "handlers", "main"}

# Who may publish: businesses, the clock, the HTTP door, the command line, a test to oneself.
PUBLISHERS = re.compile(
    r"campana\.(domains\..+|clock|door|gathering|commands\.publish|preferences\.trial"
    r"|administration\.announcements)"
    r"|handlers\.publishing"
)

# What each stage of the corridor may know of the rest of the product, in the corridor's order.
CORRIDOR: dict[str, set[str]] = {
    "events": set(),
    "publish": {"db", "events", "queries"},
    "type_words": {"i18n", "render"},
    "words": {"i18n", "render", "type_words", "vocabulary"},
    "rules": set(),
    "outbox": {"db", "errors", "handover", "queries", "rules", "signals", "type_words", "words"},
    "handover": {"signals"},
    "dispatcher": {"db", "errors", "outbox", "queries", "signals"},
    "signals": {"db", "queries"},
    "listener": {"db", "errors", "queries", "signals"},
    "frames": {"channels", "render", "words"},
    "moment": set(),
    "stream": {"frames", "moment"},
    "live": {"db", "frames", "queries", "stream"},
    "hearers": {"db", "live", "queries", "rules", "stream"},
    "shares": {"frames", "signals", "stream"},
    "news": {"db", "frames", "queries", "shares", "signals", "stream"},
    "streams": {"errors", "stream"},
    "laggards": {"frames", "stream"},
    "outgoing": {"frames", "news", "shares", "stream"},
    "hub": {
        *("admission", "db", "errors", "frames", "hearers", "laggards", "live", "news", "outgoing"),
        *("rights", "shares", "signals", "stream", "streams"),
    },
    "rights": {"admission", "db", "moment", "queries", "stream"},
    "admission": {"db", "errors", "frames", "moment", "queries", "render", "stream"},
    "repeating": {"errors"},
    "wheel": {"frames", "hub", "repeating", "stream"},
    "poll": {"errors", "frames", "hearers", "hub", "live", "moment", "queries", "stream"},
    "clock": {
        *("corrections", "db", "outbox", "privacy", "queries", "repeating", "retention", "search"),
        *("sessions", "signals"),
    },
    "corrections": {"db", "queries", "repeating", "signals"},
    "privacy": {"db", "queries", "repeating"},
    "retention": {"db", "queries", "repeating", "signals"},
    "epoch": {"db", "queries"},
    "roster": {"db", "hub", "queries", "repeating", "stream", "tally"},
    "tally": {"db", "queries", "repeating", "signals"},
    "corridor": {
        *("clock", "db", "dispatcher", "epoch", "errors", "hub", "listener", "roster", "settings"),
        *("signals", "tally", "wheel"),
    },
    "inbox": {"db", "queries", "signals", "users"},
}

# What handlers may touch of it; a stream is theirs to open, everything else has a verb.
OPEN_TO_HANDLERS = {"events", "publish", "inbox", "poll", "signals"}
STREAM_HANDLERS = {"app_keys", "application", "event_stream", "stream"}

# Businesses see these of the corridor, and of each other what is declared.
OPEN_TO_DOMAINS = {
    "db",
    "errors",
    "events",
    "i18n",
    "offers",
    "publish",
    "queries",
    "topics",
    "users",
}
DOMAINS_USED_BY: dict[str, set[str]] = {}

SQL = re.compile(
    r"\s*(select\s|insert\s+into|update\s+\w+\s+set|delete\s+from|with\s+\w+\s+as|truncate\s|"
    r"(create|alter|drop)\s+(or\s+replace\s+)?(table|role|index|function|schema|view|database))",
    re.IGNORECASE,
)
# The embedded launcher makes its database before there is anything to read SQL files with.
SQL_ALLOWED = {"campana.cluster"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> frozenset[str]:
    """Full names of what a module imports, modules as far as they are ours."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if _is_module(full) else str(node.module)


def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or place.is_dir() or name == "aiohttp.web"


def ours(path: Path) -> set[str]:
    """Modules of the product that a module imports, without the `campana.`."""
    return {name.removeprefix("campana.") for name in imports(path) if name.startswith("campana.")}


def test_the_reader_of_imports_sees_them() -> None:
    hub = ROOT / "campana" / "hub.py"
    assert {"rights", "news", "stream"} <= ours(hub)
    assert "aiohttp.web" in imports(ROOT / "handlers" / "stream.py")
    assert len(modules("campana")) > 50


def test_the_product_knows_nothing_of_http() -> None:
    for path in modules("campana"):
        for name in imports(path):
            assert not any(name == web or name.startswith(f"{web}.") for web in WEB), (
                f"{name_of(path)} imports {name}"
            )


def test_handlers_hold_no_sql_and_ask_no_database() -> None:
    for path in modules("handlers"):
        found = imports(path) & {"asyncpg", "aiosql", "campana.queries"}
        assert not found, f"{name_of(path)} imports {found}"


def test_sql_is_in_files() -> None:
    for path in [*modules("campana"), *modules("handlers"), ROOT / "main.py"]:
        if name_of(path) not in SQL_ALLOWED:
            assert list(_sql_in(tree(path))) == [], name_of(path)
    assert list(_sql_in(ast.parse("x = 'select 1'"))) == ["select 1"]


def _sql_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and SQL.match(text) and text == text.lower():
            yield text


def test_only_the_listed_publish() -> None:
    publishers = set()
    for path in [*modules("campana"), *modules("handlers"), ROOT / "main.py"]:
        name = name_of(path)
        if "campana.publish" in imports(path):
            assert PUBLISHERS.fullmatch(name), f"{name} publishes"
            publishers.add(name)
        if name not in ("campana.publish", "campana.gathering", "campana.door"):
            assert "publish_" not in _queries_used(tree(path)), f"{name} goes around the door"
    assert "campana.domains.sales" in publishers


def _queries_used(module: ast.Module) -> str:
    """`queries.<noun>.<name>` as text, for every query that is used."""
    return " ".join(
        ast.unparse(node)
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("queries.")
    )


@pytest.mark.parametrize("stage", CORRIDOR)
def test_a_stage_of_the_corridor_knows_its_neighbours_only(stage: str) -> None:
    path = ROOT / "campana" / f"{stage}.py"
    assert ours(path) <= CORRIDOR[stage], f"{stage} imports more than is listed"


def test_handlers_open_streams_and_leave_the_rest_of_the_corridor_alone() -> None:
    for path in modules("handlers"):
        touched = ours(path) & CORRIDOR.keys() - OPEN_TO_HANDLERS
        if path.stem in STREAM_HANDLERS:
            touched -= {"corridor", "hub", "stream", "frames", "tally"}
        assert not touched, f"{name_of(path)} imports {touched}"


def test_businesses_see_the_door_and_each_other_where_declared() -> None:
    for path in modules("campana/domains"):
        own = name_of(path).split(".")[2] if path.parent.name != "domains" else path.stem
        for name in ours(path):
            if name.startswith("domains."):
                other = name.split(".")[1]
                declared = DOMAINS_USED_BY.get(own, set())
                assert other == own or other in declared, f"{own} uses {other}"
            else:
                assert name in OPEN_TO_DOMAINS, f"{name_of(path)} imports {name}"
    for one, used in DOMAINS_USED_BY.items():
        assert not any(one in DOMAINS_USED_BY.get(other, set()) for other in used), "a circle"


def test_nothing_imports_itself_in_a_circle() -> None:
    graph = {
        name_of(path): {name for name in imports(path) if name.startswith(("campana", "handlers"))}
        for path in [*modules("campana"), *modules("handlers")]
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"circle: {' → '.join((*way[way.index(name) :], name))}"
        if name not in done:
            for other in sorted(graph.get(name, ())):
                if not _only_for_types(name, other):
                    visit(other, (*way, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def _only_for_types(name: str, other: str) -> bool:
    """Whether `name` imports `other` under `if TYPE_CHECKING` alone."""
    path = next(p for p in [*modules("campana"), *modules("handlers")] if name_of(p) == name)
    guarded = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    inside = "\n".join(ast.unparse(child) for node in guarded for child in node.body)
    return f"from {other} import" in inside
