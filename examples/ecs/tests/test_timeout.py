import asyncio
import gc

import pytest

from app.timeout import Application, Message, Receive, RequestTimeout, Scope, Send


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(30)


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(4):
        await asyncio.sleep(0.03)
        await send({"type": "http.response.body", "body": b"more", "more_body": True})
    await send({"type": "http.response.body", "body": b"done"})


async def failing_late(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await asyncio.sleep(30)
    finally:
        raise ValueError("too late")


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise TimeoutError("of its own")


async def fast(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


def answer(app: RequestTimeout) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app({"type": "http"}, receive, send)
        # For what the application still does after its answer.
        await asyncio.sleep(0.2)

    asyncio.run(run())
    return sent


@pytest.mark.parametrize("app", [slow, deaf])
def test_a_slow_request_is_answered_with_504_and_nothing_else(app: Application) -> None:
    start, body = answer(RequestTimeout(app, seconds=0.05))

    assert start["status"] == 504
    assert body["body"] == b'{"detail": "no answer within 0.05 s"}'


def test_a_fast_request_is_left_alone() -> None:
    start, body = answer(RequestTimeout(fast, seconds=30))

    assert start["status"] == 200
    assert body["body"] == b"done"


def test_an_answer_that_has_begun_takes_as_long_as_it_takes() -> None:
    sent = answer(RequestTimeout(streaming, seconds=0.05))

    assert [message.get("body") for message in sent] == [None, *[b"more"] * 4, b"done"]


def test_what_a_given_up_request_fails_with_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    start, _ = answer(RequestTimeout(failing_late, seconds=0.05))
    gc.collect()

    assert start["status"] == 504
    assert [record.getMessage() for record in caplog.records] == [
        "a request that was given up: ValueError: too late"
    ]


def test_the_application_s_own_timeout_stays() -> None:
    with pytest.raises(TimeoutError, match="of its own"):
        answer(RequestTimeout(failing, seconds=0.05))
