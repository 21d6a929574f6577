"""Gives every request an id, which stands in its log lines and in its answer."""

import re
import uuid

from app.logs import request_id
from app.timeout import Application, Message, Receive, Scope, Send

# What a log line and a header can hold. A proxy that chose an id is followed.
USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")


def begin(sent: str) -> str:
    chosen = sent if USABLE.fullmatch(sent) else uuid.uuid4().hex
    request_id.set(chosen)
    return chosen


class RequestId:
    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        chosen = begin(sent.decode("latin-1"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"x-request-id", chosen.encode())]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_with_id)
