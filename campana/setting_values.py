"""What values of settings must be, and what is said of those that are not."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, IPvAnyNetwork
from pydantic_settings import NoDecode


def _url(*schemes: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    return AfterValidator(check)


def _database(text: str) -> str:
    """asyncpg would say the same, with a traceback and later."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from None
    ports = [host.rpartition(":")[2] for host in _hosts(parts.netloc) if ":" in host]
    ports += [value for name, value in parse_qsl(parts.query) if name == "port"]
    if not all(
        port.isdecimal() or port.endswith("]") for port in ",".join(ports).split(",") if port
    ):
        raise ValueError(
            "has a port that is no number; write : / @ % in a password as %3A %2F %40 %25"
        )
    return text


def _hosts(netloc: str) -> list[str]:
    return netloc.rpartition("@")[2].split(",")


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if (
        not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise ValueError("must be an address without a path, such as https://bell.example.com")
    return text.rstrip("/")


def _password(text: str) -> str:
    if len(text) < 12 or not text.isascii() or not text.isprintable():
        raise ValueError("must be at least 12 characters of printable ASCII")
    return text


def _directory(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError("is not a directory")
    return path


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _secrets(secrets: tuple[str, ...]) -> tuple[str, ...]:
    if len(secrets) > 2 or any(len(secret) < 32 for secret in secrets):
        raise ValueError("must be one or two secrets of 32 characters or more, the new one first")
    return secrets


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Database = Annotated[str, _url("postgresql", "postgres"), AfterValidator(_database)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)]
Secrets = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_secrets)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
LogFormat = Annotated[Literal["auto", "json", "text"], BeforeValidator(_lower)]
Directory = Annotated[Path, AfterValidator(_directory)]
Origin = Annotated[str, _url("https", "http"), AfterValidator(_origin)]
Password = Annotated[str, AfterValidator(_password)]
RedisUrl = Annotated[str, _url("redis", "rediss", "unix")]
