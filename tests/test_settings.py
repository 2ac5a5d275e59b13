"""Settings come from the environment, are checked, and are wrong in one clear line."""

import os
from pathlib import Path

import pytest

from campana.commands.reference import settings_table
from campana.roles import RoleNames
from campana.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("CAMPANA_") or name in ("HOST", "PORT", "DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name)


def load(monkeypatch: pytest.MonkeyPatch, **environ: str) -> Settings:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8080, Path("var"))
    assert settings.database_url is None
    assert settings.role_names() == RoleNames()
    assert not settings.demo


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        HOST="::1",
        CAMPANA_DEMO="1",
        CAMPANA_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8,fd00::/8",
        CAMPANA_PUBLIC_URL="https://bell.example.com/",
        CAMPANA_LOG_LEVEL="DEBUG",
        CAMPANA_ROLE_WEB="shop_web",
    )
    assert settings.demo
    assert [str(network) for network in settings.trusted_proxies] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "fd00::/8",
    ]
    assert settings.public_url == "https://bell.example.com"
    assert settings.log_level == "debug"
    assert settings.role_names("pw").web == "shop_web"


def test_a_command_may_choose_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match="HOST=0"):
        Settings.load(demo=True)


def test_an_empty_value_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, PORT="", DATABASE_URL="", CAMPANA_TRUSTED_PROXIES="").port == 8080


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"PORT": "http"}, "PORT=http: input should be a valid integer"),
        ({"PORT": "70000"}, "PORT=70000: input should be less than or equal to 65535"),
        ({"CAMPANA_POOL_SIZE": "0"}, "CAMPANA_POOL_SIZE=0: input should be greater than"),
        (
            {"CAMPANA_LOG_FORMAT": "xml"},
            "CAMPANA_LOG_FORMAT=xml: input should be 'auto', 'json' or",
        ),
        (
            {"CAMPANA_TRUSTED_PROXIES": "10.0.0.0/8,proxy"},
            "CAMPANA_TRUSTED_PROXIES=10.0.0.0/8,proxy",
        ),
        ({"CAMPANA_PUBLIC_URL": "bell.example.com"}, "must start with https:// or http://"),
        ({"CAMPANA_PUBLIC_URL": "https://example.com/bell"}, "without a path"),
        ({"CAMPANA_PG_BIN": "/nowhere"}, "CAMPANA_PG_BIN=/nowhere: is not a directory"),
        ({"CAMPANA_LISTEN_URL": "postgresql://db/x"}, "set both or neither"),
        ({"CAMPANA_PUBLISHER_PASSWORD": "short"}, "at least 12 characters of printable ASCII"),
        (
            {"CAMPANA_POOLSIZE": "3"},
            "CAMPANA_POOLSIZE is not a setting; did you mean CAMPANA_POOL_SIZE",
        ),
        ({"CAMPANA_PORT": "80"}, "CAMPANA_PORT is not a setting; did you mean PORT?"),
        (
            {"CAMPANA_SMTP": "mail"},
            "CAMPANA_SMTP is not a setting; docs/operations.md lists them all",
        ),
        ({"CAMPANA_DEMO": "1", "HOST": "0.0.0.0"}, "CAMPANA_DEMO=1 with HOST=0.0.0.0"),
        ({"CAMPANA_DEMO": "1", "HOST": "bell.example.com"}, "only served on a loopback address"),
    ],
)
def test_a_wrong_value_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], line: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(monkeypatch, **environ)
    assert line in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "localhost", "::1"])
def test_the_demo_is_served_on_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert load(monkeypatch, CAMPANA_DEMO="1", HOST=host).demo


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db",
        "postgres://me:pw@db:5432/bell",
        "postgresql://me@[::1]:5432,[fd00::2]/bell",
        "postgresql:///bell?host=/run/postgresql&port=5433",
        "postgresql://me@a:1,b:2/bell?target_session_attrs=read-write",
    ],
)
def test_databases_have_many_addresses(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert load(monkeypatch, DATABASE_URL=url).database_url == url


@pytest.mark.parametrize(
    "url", ["postgresql://me:p/w@db/bell", "postgresql://db:x/bell", "postgresql:///bell?port=x"]
)
def test_a_port_that_is_none_is_said_before_connecting(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL: has a port that is no number"):
        load(monkeypatch, DATABASE_URL=url)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_passwords_are_never_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(monkeypatch, **{name: "mysql://me:hunter2@db/x"})
    assert str(wrong.value).startswith(f"{name}: must start with")
    assert "hunter2" not in str(wrong.value)
    good = load(
        monkeypatch, DATABASE_URL="postgresql://me:hunter2@db/x", REDIS_URL="redis://:hunter2@r"
    )
    assert "hunter2" not in repr(good)


def test_what_tests_and_benchmarks_use_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, CAMPANA_TEST_PG15="off", CAMPANA_BENCH_STREAMS="7")


def test_every_setting_is_in_the_table_with_its_range() -> None:
    table = settings_table()
    assert "| `PORT` | `8080` | 0–65535 | port to listen on" in table
    assert "| `CAMPANA_DEMO` | `0` | 0, 1 |" in table
    assert "| `CAMPANA_LOG_FORMAT` | `auto` | auto, json, text |" in table
    assert "| `DATABASE_URL` |  |  | PostgreSQL 15 or newer" in table
    assert len(table.splitlines()) == 2 + len(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())
