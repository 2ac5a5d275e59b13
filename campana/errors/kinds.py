"""The exceptions that verbs raise. A title is the class's docstring."""

# ruff: noqa: N818 - `raise NotFound` says it all

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass


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
