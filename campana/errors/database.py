"""What errors of the database mean: to loops that survive them, and to whoever caused them."""

from __future__ import annotations

from typing import Any

import asyncpg

from campana.errors.kinds import CampanaError, Conflict, Invalid, NotFound, TooLarge, Unavailable

# The database is away, busy or refuses.
DATABASE_TROUBLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was cut in mid-sentence
)
_PASSING = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.InsufficientPrivilegeError,  # somebody took a right of ours: `doctor` says which
    asyncpg.ReadOnlySQLTransactionError,  # not the primary any more
)


def is_unforeseen(error: BaseException) -> bool:
    """Whether a loop that survives this should tell the whole story: not just the database."""
    return not isinstance(error, DATABASE_TROUBLE)


def is_passing(error: BaseException) -> bool:
    """Whether the same may well succeed in a moment: nobody's input is to blame."""
    return isinstance(error, _PASSING) and not isinstance(error, ValueError)


# SQLSTATEs raised by our own functions: message = sentence, detail = field, hint = what to do.
REFUSALS: dict[str, tuple[type[CampanaError], str]] = {
    "CA001": (Invalid, "unknown_tenant"),
    "CA002": (Invalid, "unknown_type"),
    "CA003": (Invalid, "malformed_audience"),
    "CA004": (Invalid, "unknown_recipient"),
    "CA005": (Invalid, "invalid_value"),
    "CA006": (TooLarge, "too_large"),
    "CA007": (NotFound, "not_found"),  # another tenant's: not yours is not found
    "CA008": (Conflict, "already_due"),
    "CA009": (NotFound, "not_found"),
}


def code_of(sqlstate: str) -> str:
    """The code of a SQLSTATE raised by our own functions; `invalid_value` for others."""
    return REFUSALS[sqlstate][1] if sqlstate in REFUSALS else "invalid_value"


def from_postgres(exc: BaseException) -> CampanaError | None:
    """What a database error means to whoever caused it; None when it is our own mistake."""
    if isinstance(exc, asyncpg.PostgresError):
        return _from_sqlstate(exc, exc.sqlstate or "")
    if isinstance(exc, DATABASE_TROUBLE):
        return Unavailable("The database cannot be reached.", retry_after=2)
    return None


def _from_sqlstate(exc: Any, state: str) -> CampanaError | None:
    if state in REFUSALS:
        kind, code = REFUSALS[state]
        return kind(exc.message, code=code, field=exc.detail or None, hint=exc.hint or None)
    if state.startswith("22"):  # data exception: bad cast, out of range, NUL, lone surrogate
        return Invalid("A value cannot be stored as it is.", code="invalid_value")
    if state == "23505":
        return Conflict("This already exists.")
    if state.startswith("08") or state in ("53300", "57P01", "57P02", "57P03"):
        return Unavailable("The database cannot be reached.", retry_after=2)
    if state in ("40001", "40P01", "55P03", "57014"):
        return Unavailable("The database is busy.", retry_after=1)
    return None
