"""Log lines: JSON for machines, readable on a terminal, never a secret.

Door: `configure()` once, at start. Elsewhere `structlog.get_logger(__name__)`; what holds for a
whole request or stream is bound with `context(user_id=…, tenant_id=…, stream_id=…)`.
A JSON line has the fields of requirement A15 first; `latency` is in milliseconds.
"""

import logging
import re
import sys
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

Format = Literal["auto", "json", "text"]

context = structlog.contextvars.bound_contextvars

FIRST = ("timestamp", "event", "userId", "tenantId", "streamId", "latency", "success")
SPELLED = {"user_id": "userId", "tenant_id": "tenantId", "stream_id": "streamId"}
FAILURES = ("error", "critical")
HIDDEN = "***"
SECRET_NAME = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api[-_]?key|dsn$", re.IGNORECASE
)
SECRET_TEXT = re.compile(
    r"(?P<before>://[^\s/:@]*:)[^\s/@]+(?=@)"  # scheme://user:password@host
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[^\s,;\"']+"
    r"|(?P<name>\b(?:password|token|api[-_]?key)\s*[=:]\s*)[^\s,;&\"']+",
    re.IGNORECASE,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(level: str = "info", form: Format = "auto", stream: TextIO | None = None) -> None:
    """Send our lines and those of libraries to the stream (default: standard error)."""
    stream = stream or sys.stderr
    as_text = form == "text" or (form == "auto" and stream.isatty())
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: list[Processor] = (
        [_one_line, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
        if as_text
        else [_as_a15, _json]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _follow(least, shared, last, stream)


def _follow(least: int, shared: list[Processor], last: list[Processor], stream: TextIO) -> None:
    """Make lines of the standard library's logging look like ours."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    handler.addFilter(_is_ours)
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)


def _is_ours(record: logging.LogRecord) -> bool:
    """aiohttp tells the whole story of each request that is no HTTP, or stops in the middle:
    anybody could fill the log."""
    error = record.exc_info[1] if record.exc_info else None
    status = getattr(error, "status", getattr(error, "code", 500))  # ours, or aiohttp's
    return record.name != "aiohttp.server" or status >= 500


def redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Hide what is named like a secret, and passwords inside addresses and other texts."""
    return {name: _redacted(name, value) for name, value in line.items()}


def _redacted(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name) and value is not None and not isinstance(value, bool):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _redacted(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", part) for part in value]
    return SECRET_TEXT.sub(_hidden, value) if isinstance(value, str) else value


def _hidden(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None) + HIDDEN


def _one_line(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Nothing from outside may look like a line of its own or move the cursor."""
    return {
        name: _escaped(value) if isinstance(value, str) and name != "exception" else value
        for name, value in line.items()
    }


def _escaped(text: str) -> str:
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _as_a15(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    named = {SPELLED.get(name, name): value for name, value in line.items()}
    named.setdefault("success", named.get("level") not in FAILURES)
    return {name: named.pop(name, None) for name in FIRST} | named


def _json(_: WrappedLogger, __: str, line: EventDict) -> str:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # a lone surrogate: not UTF-8, yet worth a line
        return orjson.dumps({name: repr(value) for name, value in line.items()}).decode()
