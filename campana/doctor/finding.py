"""One thing the doctor looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """check: what was looked at. says: what there is. advice: what to do, unless it is ok."""

    check: str
    state: State
    says: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return {
            "check": self.check,
            "state": self.state,
            "says": self.says,
            "advice": self.advice,
        }


def ok(check: str, says: str) -> Finding:
    return Finding(check, "ok", says)


def warn(check: str, says: str, advice: str) -> Finding:
    return Finding(check, "warn", says, advice)


def fail(check: str, says: str, advice: str) -> Finding:
    return Finding(check, "fail", says, advice)
