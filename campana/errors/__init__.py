"""What can go wrong, as a handful of exceptions that know nothing of HTTP libraries.

Raised by verbs, turned into replies in one place: `handlers/middleware.py`. `kinds` has the
exceptions, `database` says which of them an error of PostgreSQL is; the closed list of codes is
`CODES`.
"""

from campana.errors.database import (
    DATABASE_TROUBLE,
    REFUSALS,
    code_of,
    from_postgres,
    is_passing,
    is_unforeseen,
)
from campana.errors.kinds import (
    BadRequest,
    CampanaError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthorized,
    Unavailable,
    WrongMediaType,
)

__all__ = [
    "CODES",
    "DATABASE_TROUBLE",
    "BadRequest",
    "CampanaError",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Invalid",
    "MethodNotAllowed",
    "NotFound",
    "TooLarge",
    "TooMany",
    "TooSlow",
    "Unauthorized",
    "Unavailable",
    "WrongMediaType",
    "code_of",
    "from_postgres",
    "is_passing",
    "is_unforeseen",
]

# Every code a problem of the API may carry.
CODES: frozenset[str] = frozenset(
    {code for _, code in REFUSALS.values()}
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
