import asyncio

from app.body_limit import BodyLimit
from app.timeout import Message, Receive, Scope, Send


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Turns what goes wrong into an answer, as a framework does."""
    status = 200
    try:
        while (await receive()).get("more_body"):
            pass
    except Exception:
        status = 400
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass


def status(app: BodyLimit, chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "headers": headers}, receive, send))
    assert len(sent) == 2
    return int(sent[0]["status"])


def test_a_length_above_the_limit_is_refused_unread() -> None:
    chunks = [b"x" * 11]

    assert status(BodyLimit(reading, most=10), chunks, [(b"content-length", b"11")]) == 413
    assert chunks


def test_a_body_without_a_length_is_counted() -> None:
    for app in (reading, failing):
        assert status(BodyLimit(app, most=10), [b"x" * 6, b"x" * 6, b"x"], []) == 413


def test_a_body_within_the_limit_is_let_through() -> None:
    length = [(b"content-length", b"10")]

    assert status(BodyLimit(reading, most=10), [b"x" * 5, b"x" * 5], length) == 200
