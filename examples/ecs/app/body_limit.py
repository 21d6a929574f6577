"""Refuses a body that is too large, before memory holds it."""

from app.timeout import Application, Message, Receive, Scope, Send, refuse


class BodyTooLargeError(Exception):
    """More has arrived than a body may have."""


class BodyLimit:
    """Answers 413, by the length that a client names or by what it sends."""

    def __init__(self, app: Application, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        detail = f"a body has at most {self.most} bytes"
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if length.isdigit() and int(length) > self.most:
            await refuse(send, 413, detail)
            return

        received = 0
        begun = refused = False

        async def receive_within() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.most:
                refused = True
                raise BodyTooLargeError(detail)
            return message

        async def send_unless_refused(message: Message) -> None:
            # What the framework makes of the error is not what the client should read.
            nonlocal begun
            if begun or not refused:
                begun = True
                await send(message)

        try:
            await self.app(scope, receive_within, send_unless_refused)
        except BodyTooLargeError:
            if begun:
                raise
        if refused and not begun:
            await refuse(send, 413, detail)
