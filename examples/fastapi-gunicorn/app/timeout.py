"""Ends a request that takes too long, before a server or proxy in front gives up."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks disagree on the exact types of the three.
Application = Callable[[Any, Any, Any], Awaitable[None]]


class RequestTimeout:
    """Answers 504 when the application has not begun its answer in time.

    The late request is cancelled but not waited for: a database driver may need longer.
    """

    def __init__(self, app: Application, seconds: float) -> None:
        self.app = app
        self.seconds = seconds
        # The event loop alone does not keep a task that nobody waits for.
        self._requests: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = late = False

        async def send_in_time(message: Message) -> None:
            nonlocal started
            if not late:
                started = True
                await send(message)

        request = asyncio.ensure_future(self.app(scope, receive, send_in_time))
        self._requests.add(request)
        request.add_done_callback(self._requests.discard)
        try:
            await asyncio.wait({request}, timeout=self.seconds)
        finally:
            late = not request.done()
            request.cancel()

        if not late:
            request.result()
        elif started:
            # Its status cannot change any more: the server closes the connection.
            raise TimeoutError("the answer took too long")
        else:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        body = json.dumps({"detail": f"no answer within {self.seconds:g} s"}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 504, "headers": headers})
        await send({"type": "http.response.body", "body": body})
