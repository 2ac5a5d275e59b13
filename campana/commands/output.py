"""What a command says: results on standard output, remarks on standard error."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson


def say(text: str) -> None:
    """A result, for people and for pipes."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def remark(text: str) -> None:
    """What is worth knowing and no result."""
    sys.stderr.write(f"campana: {text}\n")
    sys.stderr.flush()


def say_json(value: Any) -> None:
    say(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def say_rows(rows: Iterable[Any], columns: Sequence[str]) -> None:
    """These columns of rows of the database."""
    say_table(columns, [[row[column] for column in columns] for row in rows])


def say_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns under each other; numbers to the right."""
    values = [list(row) for row in rows]
    cells = [[_shown(value) for value in row] for row in values]
    numeric = [
        bool(values) and all(_is_number(row[place]) for row in values)
        for place in range(len(columns))
    ]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in (columns, ["-" * width for width in widths], *cells):
        say(_aligned(line, widths, numeric))


def _aligned(line: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(line, widths, numeric, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, dict):
        return _plain(orjson.dumps(value, default=str).decode())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_shown, value))
    return _plain(str(value))


def _plain(text: str) -> str:
    """Nothing of an event may move the cursor of whoever reads it on a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
