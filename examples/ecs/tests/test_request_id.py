import asyncio

import pytest

from app.logs import request_id
from app.request_id import RequestId
from app.timeout import Message, Receive, Scope, Send

seen: list[str] = []


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    seen.append(request_id.get())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})


def answered(sent: str) -> str:
    """The id in the answer, which has to be what the application saw."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {"type": "http", "headers": [(b"x-request-id", sent.encode())]}
    asyncio.run(RequestId(application)(scope, receive, send))
    headers = dict(messages[0]["headers"])
    assert headers[b"a"] == b"b"
    chosen: str = headers[b"x-request-id"].decode()
    assert seen.pop() == chosen
    return chosen


def test_the_id_of_a_proxy_is_kept() -> None:
    assert answered("7f3a-1.b_c") == "7f3a-1.b_c"


@pytest.mark.parametrize("sent", ["", "two words", "line\nbreak", "x" * 129, "\N{SNOWMAN}"])
def test_a_request_without_a_usable_id_gets_one(sent: str) -> None:
    first, second = answered(sent), answered(sent)

    assert first != second
    assert len(first) == 32
