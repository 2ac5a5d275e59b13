"""Everything that can be set, in one place: `Settings.load()` reads the environment and checks it.

A wrong or unknown value is a SettingsError of one line.
"""

import difflib
import ipaddress
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from campana.roles import RoleNames
from campana.setting_values import (
    Database,
    Directory,
    LogFormat,
    LogLevel,
    Networks,
    Origin,
    Password,
    RedisUrl,
    Secrets,
)

PREFIX = "CAMPANA_"
OTHERS = ("CAMPANA_TEST_", "CAMPANA_BENCH_")  # for the tests and the benchmark, not for us


class SettingsError(Exception):
    """A setting is wrong; the message is one line that says which and why."""


class Settings(BaseSettings):
    """What the environment says, checked. Frozen; `load()` is the way to get it."""

    model_config = SettingsConfigDict(
        frozen=True,
        case_sensitive=True,
        env_ignore_empty=True,
        validate_by_name=True,
        extra="forbid",
    )

    host: str = Field(
        "127.0.0.1", validation_alias="HOST", description="address to listen on; 0.0.0.0 for all"
    )
    port: int = Field(
        8080,
        validation_alias="PORT",
        ge=0,
        le=65535,
        description="port to listen on; 0: any free one",
    )
    database_url: Database | None = Field(
        None,
        validation_alias="DATABASE_URL",
        repr=False,
        description="PostgreSQL 15 or newer; unset: an embedded one under CAMPANA_HOME",
    )
    listen_url: Database | None = Field(
        None,
        validation_alias="CAMPANA_LISTEN_URL",
        repr=False,
        description="direct way to the same database, for LISTEN, where DATABASE_URL goes through"
        " a pooler that keeps roles but not LISTEN",
    )
    home: Path = Field(
        Path("var"),
        validation_alias="CAMPANA_HOME",
        description="directory of the embedded PostgreSQL and other files; made when missing",
    )
    pg_bin: Directory | None = Field(
        None,
        validation_alias="CAMPANA_PG_BIN",
        description="directory of initdb and postgres to embed instead of the packaged ones",
    )
    demo: bool = Field(
        False,
        validation_alias="CAMPANA_DEMO",
        description="1: demo data on an empty database; only with a loopback HOST",
    )
    public_url: Origin | None = Field(
        None,
        validation_alias="CAMPANA_PUBLIC_URL",
        description="address by which browsers reach Campana, used in links and origin checks;"
        " unset: taken from each request",
    )
    trusted_proxies: Networks = Field(
        (),
        validation_alias="CAMPANA_TRUSTED_PROXIES",
        description="addresses or networks, separated by commas, whose X-Forwarded-… is believed",
    )
    redis_url: RedisUrl | None = Field(
        None,
        validation_alias="REDIS_URL",
        repr=False,
        description="Redis or Valkey as a second bus; not used yet: hints go through PostgreSQL",
    )
    role_web: str | None = Field(
        None,
        validation_alias="CAMPANA_ROLE_WEB",
        description="database role for requests; unset: campana_web",
    )
    role_bus: str | None = Field(
        None,
        validation_alias="CAMPANA_ROLE_BUS",
        description="database role for dispatcher, hub and clock; unset: campana_bus",
    )
    role_auth: str | None = Field(
        None,
        validation_alias="CAMPANA_ROLE_AUTH",
        description="database role that owns the sign-in functions; unset: campana_auth",
    )
    role_publisher: str | None = Field(
        None,
        validation_alias="CAMPANA_ROLE_PUBLISHER",
        description="database role that may only publish; unset: campana_publisher",
    )
    publisher_password: Password | None = Field(
        None,
        validation_alias="CAMPANA_PUBLISHER_PASSWORD",
        repr=False,
        description="makes the role that may only publish a login with this password (12 or more"
        " characters); unset: a random one for the embedded PostgreSQL, no login elsewhere",
    )
    pool_size: int = Field(
        10,
        validation_alias="CAMPANA_POOL_SIZE",
        ge=3,
        le=100,
        description="database connections of each of the two pools of a process; the dispatcher"
        " keeps one of them",
    )
    streams_per_user: int = Field(
        20,
        validation_alias="CAMPANA_STREAMS_PER_USER",
        ge=1,
        le=1000,
        description="open streams one person may have; the next is answered 429",
    )
    token_secrets: Secrets = Field(
        (),
        validation_alias="CAMPANA_TOKEN_SECRETS",
        repr=False,
        description="one secret of 32 characters or more, or two separated by a comma while it is"
        " changed: the first signs our own tokens (JWT), each is believed; unset: none are made",
    )
    client_events_per_minute: int = Field(
        100,
        validation_alias="CAMPANA_CLIENT_EVENTS_PER_MINUTE",
        ge=1,
        le=1_000_000,
        description="client events (reading, deleting, joining topics) of one person a minute;"
        " beyond it they are refused, and that person's streams with them, until the minute ends",
    )
    publisher_events_per_minute: int = Field(
        600_000,
        validation_alias="CAMPANA_PUBLISHER_EVENTS_PER_MINUTE",
        ge=1,
        le=1_000_000_000,
        description="events that one API key may publish by HTTP a minute; beyond it 429",
    )
    tenant_events_per_minute: int = Field(
        1_200_000,
        validation_alias="CAMPANA_TENANT_EVENTS_PER_MINUTE",
        ge=1,
        le=1_000_000_000,
        description="events that a tenant may publish by HTTP a minute; beyond it 429",
    )
    idle_seconds: int = Field(
        75,
        validation_alias="CAMPANA_IDLE_SECONDS",
        ge=1,
        le=3600,
        description="seconds that a connection may wait for a request, or take to send its head;"
        " longer than a proxy in front keeps its own idle ones",
    )
    body_seconds: int = Field(
        20,
        validation_alias="CAMPANA_BODY_SECONDS",
        ge=1,
        le=3600,
        description="seconds that the body of a request may take to come, and one more for every"
        " 500 bytes that have; beyond it 408",
    )
    heartbeat_seconds: int = Field(
        15,
        validation_alias="CAMPANA_HEARTBEAT_SECONDS",
        ge=1,
        le=60,
        description="longest silence of a stream",
    )
    stream_lifetime_seconds: int = Field(
        600,
        validation_alias="CAMPANA_STREAM_LIFETIME_SECONDS",
        ge=1,
        le=86400,
        description="longest life of a stream; each ends between half of it and all of it",
    )
    session_days: int = Field(
        30,
        validation_alias="CAMPANA_SESSION_DAYS",
        ge=1,
        le=365,
        description="days after which a signed-in browser is asked to sign in again",
    )
    log_level: LogLevel = Field(
        "info", validation_alias="CAMPANA_LOG_LEVEL", description="least important line to log"
    )
    log_format: LogFormat = Field(
        "auto",
        validation_alias="CAMPANA_LOG_FORMAT",
        description="auto: text on a terminal, json elsewhere",
    )

    @classmethod
    def load(cls, **chosen: Any) -> Self:
        """Read and check the environment; `chosen` wins over it. Raises SettingsError."""
        _refuse_unknown(os.environ)
        try:
            return cls(**chosen)
        except ValidationError as error:
            raise SettingsError(_one_line(error)) from None

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> Self:
        if self.demo and not _is_loopback(self.host):
            raise ValueError(
                f"CAMPANA_DEMO=1 with HOST={self.host}: everybody knows the demo's passwords,"
                " it is only served on a loopback address"
            )
        return self

    @model_validator(mode="after")
    def _listen_follows_database(self) -> Self:
        if self.listen_url and not self.database_url:
            raise ValueError("CAMPANA_LISTEN_URL without DATABASE_URL: set both or neither")
        return self

    def role_names(self, publisher_password: str | None = None) -> RoleNames:
        """The database roles to ask for, for `migrate`."""
        password = publisher_password or self.publisher_password
        return RoleNames(
            self.role_web, self.role_bus, self.role_auth, self.role_publisher, password
        )


def named_fields() -> dict[str, FieldInfo]:
    """Every setting by its name in the environment."""
    return {str(field.validation_alias): field for field in Settings.model_fields.values()}


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = list(named_fields())
    for name in sorted(environ):
        if name.startswith(PREFIX) and not name.startswith(OTHERS) and name not in known:
            raise SettingsError(f"{name} is not a setting; {_advice(name, known)}")


def _advice(name: str, known: Iterable[str]) -> str:
    """What all begin with says nothing about which was meant; some, as PORT, do without it."""
    meant = {setting.removeprefix(PREFIX): setting for setting in known}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), meant, n=1, cutoff=0.6)
    return f"did you mean {meant[near[0]]}?" if near else "docs/operations.md lists them all"


def _one_line(error: ValidationError) -> str:
    """The first fault. The value is shown unless it may hold a password."""
    fault = error.errors(include_url=False)[0]
    reason = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return reason
    name = str(fault["loc"][0])
    field = named_fields().get(name)
    value = "" if field is None or not field.repr else f"={os.environ.get(name, '')}"
    return f"{name}{value}: {reason[0].lower()}{reason[1:]}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
