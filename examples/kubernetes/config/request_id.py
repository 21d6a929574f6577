"""Gives every request an id, which stands in its log lines and in its answer."""

import re
import uuid
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from config.logs import request_id

# What a log line and a header can hold. A proxy that chose an id is followed.
USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")


def begin(sent: str) -> str:
    chosen = sent if USABLE.fullmatch(sent) else uuid.uuid4().hex
    request_id.set(chosen)
    return chosen


class RequestId:
    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chosen = begin(environ.get("HTTP_X_REQUEST_ID", ""))

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("X-Request-ID", chosen)], exc_info)

        return self.app(environ, start)
