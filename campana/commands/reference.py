"""Generated parts of docs/operations.md: `python -m campana.commands.reference` renews them."""

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cyclopts import App, Argument
from pydantic.fields import FieldInfo

from campana.commands.program import all_commands
from campana.settings import named_fields

END = "<!-- end -->\n"
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def operations_page() -> str:
    """The page as it should be: what stands between two generated-marks is written anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in {"commands": command_table(), "settings": settings_table()}.items():
        before, mark, rest = text.partition(f"<!-- generated: {name} -->\n")
        text = before + mark + table + END + rest.partition(END)[2]
    return text


def command_table() -> str:
    """Every command but serve, with its arguments and the first line of its help."""
    lines = ["| command | does |", "|---|---|"]
    for words, command in _leaves(all_commands()):
        arguments = " ".join(map(_shown, command.assemble_argument_collection()))
        does = inspect.getdoc(command.default_command) or ""
        lines.append(f"| `{f'{words} {arguments}'.strip()}` | {does.splitlines()[0]} |")
    return "\n".join(lines) + "\n"


def settings_table() -> str:
    """All settings as a Markdown table."""
    lines = ["| name | default | values | meaning |", "|---|---|---|---|"]
    for name, field in named_fields().items():
        default = "" if field.default in (None, ()) else f"`{_default(field.default)}`"
        lines.append(f"| `{name}` | {default} | {_values(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _leaves(app: App, words: str = "") -> Iterator[tuple[str, App]]:
    if app.default_command:
        yield words, app
    for name in app:
        if not name.startswith("-"):
            yield from _leaves(app[name], f"{words} {name}".strip())


def _shown(argument: Argument) -> str:
    name = argument.name
    if name.startswith("-") and argument.hint is not bool:
        name = f"{name} {name.lstrip('-').replace('-', '_').upper()}"
    return name if argument.required else f"[{name}]"


def _default(default: object) -> str:
    return str(int(default)) if isinstance(default, bool) else str(default)


def _values(field: FieldInfo) -> str:
    if field.annotation is bool:
        return "0, 1"
    if field.annotation is not None and hasattr(field.annotation, "__args__"):
        choices: Iterable[Any] = field.annotation.__args__
        return ", ".join(choice for choice in choices if isinstance(choice, str))
    bounds = {type(bound).__name__: bound for bound in field.metadata}
    return f"{bounds['Ge'].ge}–{bounds['Le'].le}" if {"Ge", "Le"} <= bounds.keys() else ""


if __name__ == "__main__":
    PAGE.write_text(operations_page(), encoding="utf-8")
