"""What can go wrong, as a handful of exceptions that know nothing of HTTP libraries.

Raised by verbs, turned into replies in one place: `handlers/middleware.py`. A title is the
class's docstring; the closed list of codes is `CODES`.
"""

# ruff: noqa: N818 - `raise NotFound` says it all

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import asyncpg

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
)


def is_unforeseen(error: BaseException) -> bool:
    """Whether a loop that survives this should tell the whole story: not just the database."""
    return not isinstance(error, DATABASE_TROUBLE)


def is_passing(error: BaseException) -> bool:
    """Whether the same may well succeed in a moment: nobody's input is to blame."""
    return isinstance(error, _PASSING) and not isinstance(error, ValueError)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of the input; `field` is '' when it is the whole.

    kind, limit: the rule it breaks and its bound, for who says it in other words.
    """

    field: str
    code: str
    message: str
    hint: str | None = None
    _: KW_ONLY
    kind: str = ""
    limit: int | str | None = None

    def as_dict(self) -> dict[str, str]:
        parts = {"field": self.field, "code": self.code, "message": self.message}
        return parts if self.hint is None else {**parts, "hint": self.hint}


class CampanaError(Exception):
    """Something went wrong"""

    status = 500
    code = "internal_error"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        field: str | None = None,
        hint: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.field = field
        self.hint = hint
        self.retry_after = retry_after  # whole seconds
        self.headers: dict[str, str] = {}  # what else the answer says of itself

    @property
    def title(self) -> str:
        return (type(self).__doc__ or "").strip()

    @property
    def errors(self) -> list[FieldError]:
        return []

    def __str__(self) -> str:
        return self.detail or self.title


class BadRequest(CampanaError):
    """The request cannot be read"""

    status = 400
    code = "bad_request"


class Unauthorized(CampanaError):
    """Sign in first"""

    status = 401
    code = "unauthorized"


class Forbidden(CampanaError):
    """You may not do this"""

    status = 403
    code = "forbidden"


class NotFound(CampanaError):
    """There is nothing here"""

    status = 404
    code = "not_found"


class MethodNotAllowed(CampanaError):
    """This address does not take that method"""

    status = 405
    code = "method_not_allowed"


class TooSlow(CampanaError):
    """The request took too long to come"""

    status = 408
    code = "request_timeout"


class Conflict(CampanaError):
    """This does not fit what is already there"""

    status = 409
    code = "conflict"


class TooLarge(CampanaError):
    """This is too large"""

    status = 413
    code = "too_large"


class WrongMediaType(CampanaError):
    """This content type is not understood here"""

    status = 415
    code = "unsupported_media_type"


class Invalid(CampanaError):
    """Something in the input is not right"""

    status = 422
    code = "invalid"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        code: str | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(detail, code=code, field=field, hint=hint)
        self._errors = list(errors)

    @classmethod
    def by_field(cls, faults: Sequence[tuple[str, str]]) -> Invalid:
        """From one or more (field, what is wrong with it); the first is said of the whole."""
        errors = [FieldError(field, "invalid_value", said) for field, said in faults]
        return cls(faults[0][1], errors=errors)

    @property
    def errors(self) -> list[FieldError]:
        if self._errors or self.field is None:
            return self._errors
        return [FieldError(self.field, self.code, str(self), self.hint)]


class TooMany(CampanaError):
    """Too many requests"""

    status = 429
    code = "too_many_requests"


class Unavailable(CampanaError):
    """Not available just now"""

    status = 503
    code = "unavailable"


# SQLSTATEs raised by our own functions: message = sentence, detail = field, hint = what to do.
_OURS: dict[str, tuple[type[CampanaError], str]] = {
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

# Every code a problem of the API may carry.
CODES: frozenset[str] = frozenset(
    {code for _, code in _OURS.values()}
    | {kind.code for kind in CampanaError.__subclasses__()}
    | {
        "internal_error",
        "cross_origin",
        "wrong_credentials",
        "missing_scope",
        "expired_key",
        "expired_token",
        "session_ended",
        "too_many_streams",
        "missing",
        "malformed",
        "unknown_field",
        "malformed_json",
        "unknown_topic",
        "too_many_topics",
        "idempotency_mismatch",
        "request_in_flight",
    }
)


def code_of(sqlstate: str) -> str:
    """The code of a SQLSTATE raised by our own functions; `invalid_value` for others."""
    return _OURS[sqlstate][1] if sqlstate in _OURS else "invalid_value"


def from_postgres(exc: BaseException) -> CampanaError | None:
    """What a database error means to whoever caused it; None when it is our own mistake."""
    if isinstance(exc, asyncpg.PostgresError):
        return _from_sqlstate(exc, exc.sqlstate or "")
    if isinstance(exc, DATABASE_TROUBLE):
        return Unavailable("The database cannot be reached.", retry_after=2)
    return None


def _from_sqlstate(exc: Any, state: str) -> CampanaError | None:
    if state in _OURS:
        kind, code = _OURS[state]
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
