"""One form for every line, on standard error: the application's, its server's and its workers'."""

import logging
import logging.config
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

# Of the request that is answered here, or that queued the task which runs here.
request_id: ContextVar[str] = ContextVar("request_id", default="-")

LINE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
LEVELS = ("debug", "info", "warning", "error")

# Asked for every few seconds: worth a line only where the answer is a failure.
HEALTH_CHECKS = ("/health", "/ready")


class WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class WithoutHealthChecks(logging.Filter):
    """For access logs: gunicorn names what it says of a request, uvicorn has an order."""

    def filter(self, record: logging.LogRecord) -> bool:
        match record.args:
            case {"U": path, "s": status}:
                pass
            case (_, _, path, _, status):
                pass
            case _:
                return True
        path, _, _ = str(path).partition("?")
        return path not in HEALTH_CHECKS or int(str(status)) >= 400


def configuration(level: str) -> dict[str, Any]:
    """What logging.config.dictConfig takes. Settings refuse a level that is none."""
    level = level.upper() if level in LEVELS else "INFO"
    lines: Mapping[str, Any] = {"handlers": ["console"], "level": level}
    server = {**lines, "propagate": False}
    access = {**server, "filters": ["without-health-checks"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "with-request-id": {"()": WithRequestId},
            "without-health-checks": {"()": WithoutHealthChecks},
        },
        "formatters": {"line": {"format": LINE}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["with-request-id"],
            },
        },
        "root": lines,
        "loggers": {
            "gunicorn.error": server,
            "gunicorn.access": access,
            # Its own handlers would mail errors, and write them a second time.
            "django": {"handlers": [], "propagate": True},
        },
    }


def configure(level: str) -> None:
    logging.config.dictConfig(configuration(level))
