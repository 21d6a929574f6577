"""Ends a request that takes too long, before a server or proxy in front gives up."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks disagree on the exact types of the three.
Application = Callable[[Any, Any, Any], Awaitable[None]]


async def refuse(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class RequestTimeout:
    """Answers 504 when the application has not begun its answer in time.

    An answer that has begun takes as long as it takes: a download, a stream of events.

    The late request is cancelled but not waited for: a database driver may need longer.
    """

    def __init__(self, app: Application, seconds: float) -> None:
        self.app = app
        self.seconds = seconds
        # The event loop alone does not keep a task that nobody waits for.
        self._late: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        begun = asyncio.Event()
        late = False

        async def send_in_time(message: Message) -> None:
            if not late:
                begun.set()
                await send(message)

        request = asyncio.ensure_future(self.app(scope, receive, send_in_time))
        beginning = asyncio.ensure_future(begun.wait())
        try:
            await asyncio.wait(
                {request, beginning}, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            late = not request.done() and not begun.is_set()
            if not late:
                await request
                return
        except asyncio.CancelledError:
            request.cancel()
            raise
        finally:
            beginning.cancel()

        self._late.add(request)
        request.add_done_callback(self._forget)
        request.cancel()
        await refuse(send, 504, f"no answer within {self.seconds:g} s")

    def _forget(self, request: asyncio.Future[None]) -> None:
        self._late.discard(request)
        if not request.cancelled() and (error := request.exception()):
            logger.warning("a request that was given up: %s: %s", type(error).__name__, error)
