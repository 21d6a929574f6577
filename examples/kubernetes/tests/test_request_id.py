from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from config.logs import request_id
from config.request_id import RequestId

seen: list[str] = []


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    seen.append(request_id.get())
    start_response("200 OK", [("A", "b")])
    return []


def answered(sent: str) -> str:
    """The id in the answer, which has to be what the application saw."""
    headers: dict[str, str] = {}

    def start_response(status: str, given: list[tuple[str, str]], exc_info: Any = None) -> Any:
        headers.update(given)

    list(RequestId(application)({"HTTP_X_REQUEST_ID": sent}, start_response))
    assert headers["A"] == "b"
    assert seen.pop() == headers["X-Request-ID"]
    return headers["X-Request-ID"]


def test_the_id_of_a_proxy_is_kept() -> None:
    assert answered("7f3a-1.b_c") == "7f3a-1.b_c"


@pytest.mark.parametrize("sent", ["", "two words", "line\nbreak", "x" * 129, "\N{SNOWMAN}"])
def test_a_request_without_a_usable_id_gets_one(sent: str) -> None:
    first, second = answered(sent), answered(sent)

    assert first != second
    assert len(first) == 32
