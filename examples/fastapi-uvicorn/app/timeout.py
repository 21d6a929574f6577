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
    """Answers 504 when the application has not begun its answer in time."""

    def __init__(self, app: Application, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self.seconds) as deadline:
                await self.app(scope, receive, watched_send)
        except TimeoutError:
            # A started answer cannot change its status: the server closes the connection.
            if started or not deadline.expired():
                raise
            await self._answer(send)

    async def _answer(self, send: Send) -> None:
        body = json.dumps({"detail": f"no answer within {self.seconds:g} s"}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 504, "headers": headers})
        await send({"type": "http.response.body", "body": body})
