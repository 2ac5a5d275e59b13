"""Log lines have the promised fields, stay on one line and hold no secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

from campana import log
from campana.errors import TooSlow


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_the_fields_of_the_contract_first() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    with log.context(user_id="u1", tenant_id="t1", stream_id="s1"):
        structlog.get_logger().info("stream.opened", latency=1.5, tabs=2)
    structlog.get_logger().error("stream.failed")
    opened, failed = lines(stream)
    assert list(opened)[:7] == list(log.FIRST)
    assert opened | {"timestamp": ""} == {
        "timestamp": "",
        "event": "stream.opened",
        "userId": "u1",
        "tenantId": "t1",
        "streamId": "s1",
        "latency": 1.5,
        "success": True,
        "tabs": 2,
        "level": "info",
    }
    assert failed["success"] is False
    assert failed["userId"] is None


def test_lines_of_libraries_look_the_same() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    logging.getLogger("aiohttp.server").error("broken %s", "pipe")
    logging.getLogger("aiohttp.access").info("too much")
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["success"]) == ("broken pipe", "error", False)


def test_requests_that_are_no_http_leave_no_line() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    server = logging.getLogger("aiohttp.server")
    for error in (LineTooLong("x" * 9000), BadHttpMessage("x"), TooSlow(), ValueError("ours")):
        server.error("Error handling request", exc_info=error)
    (line,) = lines(stream)
    assert "ValueError: ours" in line["exception"]


def test_less_important_lines_are_left_out() -> None:
    stream = io.StringIO()
    log.configure("warning", stream=stream)
    structlog.get_logger().info("quiet")
    assert not lines(stream)


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_are_hidden(form: log.Format) -> None:
    stream = io.StringIO()
    log.configure(form=form, stream=stream)
    logger = structlog.get_logger()
    logger.info(
        "a", publisher_password="hunter2", headers={"Cookie": "hunter2", "X-API-Key": "hunter2"}
    )
    logger.info("b", text="see postgresql://me:hunter2@db/x and Authorization: Bearer hunter2")
    logger.info("c", dsn="hunter2", parts=["api_key=hunter2&page=1"])
    try:
        raise ValueError("postgresql://me:hunter2@db/x")
    except ValueError:
        logger.exception("d")
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("***") == 9
    assert "page=1" in stream.getvalue()


def test_a_text_from_outside_stays_on_its_line() -> None:
    stream = io.StringIO()
    log.configure(form="text", stream=stream)
    structlog.get_logger().info("said", text="a\nb\x1b[2Jc\u2028d")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b[2J" not in stream.getvalue()


def test_a_lone_surrogate_is_still_logged() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    structlog.get_logger().info("said", text="\ud800")
    assert lines(stream)[0]["text"] == "'\\ud800'"
