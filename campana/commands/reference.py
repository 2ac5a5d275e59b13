"""Generated parts of docs/operations.md: `python -m campana.commands.reference` renews them."""

import inspect
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App, Argument

from campana.commands.program import all_commands
from campana.settings import settings_table

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


if __name__ == "__main__":
    PAGE.write_text(operations_page(), encoding="utf-8")
