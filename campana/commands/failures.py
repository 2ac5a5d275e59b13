"""What went wrong, as one line and an exit code: 1, or 2 for wrong words and wrong settings."""

import errno
import socket
from typing import Any

import asyncpg
from cyclopts import App, CycloptsError

from campana.commands.output import remark
from campana.db import PoolerError
from campana.errors import CampanaError
from campana.hosting import EmbeddedError
from campana.migrate import MigrationError
from campana.roles import RolesError
from campana.settings import SettingsError

USAGE = 2
FAILED = 1
INTERRUPTED = 130
MISUSE = (CycloptsError, SettingsError, UnicodeEncodeError)


class CommandError(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


# Whose message is a sentence for people.
SPEAKING = (
    CommandError,
    EmbeddedError,
    MigrationError,
    RolesError,
    SettingsError,
    OSError,
    asyncpg.InterfaceError,
)

# What only a pooler in between makes a connection say.
POOLED = (
    PoolerError,
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.ProtocolViolationError,
)


def exit_code(app: App, words: list[str]) -> int:
    """Run the command in `words`; what it fails of becomes a line on standard error."""
    try:
        "".join(words).encode()
        done = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        return done if isinstance(done, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        line = _in_one_line(error)
        if line is None:
            raise
        remark(line)
        return USAGE if isinstance(error, MISUSE) else FAILED


def _in_one_line(error: Exception) -> str | None:
    """None: this is our own mistake and deserves its traceback."""
    text = _text(error)
    return None if text is None else " ".join(text.split())


def _text(error: Any) -> str | None:
    if isinstance(error, CycloptsError):
        return f"{error} (see --help)"
    if isinstance(error, CampanaError):
        return _with_hint(str(error), error.hint)
    if isinstance(error, UnicodeEncodeError):
        return "what you typed is not UTF-8"
    return _of_the_database(error) or _of_the_host(error)


def _of_the_database(error: Any) -> str | None:
    if isinstance(error, POOLED):
        said = str(error).splitlines()[0]
        return (
            f"DATABASE_URL goes through a pooler that loses what connections start with ({said}):"
            " let it lead to PostgreSQL itself, since every process keeps a pool of its own"
        )
    if isinstance(error, asyncpg.PostgresError):
        return _with_hint(str(error.message or error), error.hint)
    if isinstance(error, asyncpg.ClientConfigurationError):
        return f"DATABASE_URL: {error}"
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return f"the database does not answer: {error or type(error).__name__}"
    return None


def _of_the_host(error: Any) -> str | None:
    if isinstance(error, OSError) and error.strerror:
        taken = "choose another PORT" if error.errno == errno.EADDRINUSE else None
        return ": ".join(filter(None, (error.filename, error.strerror, taken)))
    return str(error) if isinstance(error, SPEAKING) else None


def _with_hint(text: str, hint: str | None) -> str:
    return f"{text} {hint}" if hint else text
