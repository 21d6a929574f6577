import logging
from collections.abc import Callable

import pytest

from config import logs

Access = Callable[[str, int], logging.LogRecord]


def line(*args: object) -> logging.LogRecord:
    return logging.LogRecord("access", logging.INFO, "", 0, "", args, None)


def gunicorn_line(path: str, status: int) -> logging.LogRecord:
    return line({"U": path, "s": str(status)})


def uvicorn_line(path: str, status: int) -> logging.LogRecord:
    return line("10.0.0.1:5000", "GET", path, "1.1", status)


@pytest.mark.parametrize("access", [gunicorn_line, uvicorn_line])
def test_health_checks_have_no_line_unless_they_fail(access: Access) -> None:
    keep = logs.WithoutHealthChecks().filter

    assert not keep(access("/health", 200))
    assert not keep(access("/ready", 200))
    assert keep(access("/ready", 503))
    assert keep(access("/elsewhere", 200))


def test_a_line_names_its_request() -> None:
    record = line()
    logs.request_id.set("abc")

    logs.WithRequestId().filter(record)

    assert "[abc]" in logging.Formatter(logs.LINE).format(record)


@pytest.mark.parametrize(("given", "used"), [("warning", "WARNING"), ("loud", "INFO")])
def test_a_level_is_everybodys(given: str, used: str) -> None:
    configuration = logs.configuration(given)

    assert configuration["root"]["level"] == used
    assert configuration["loggers"]["gunicorn.access"]["level"] == used
