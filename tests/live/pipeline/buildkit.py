"""Lets clients of BuildKit reach the one that is part of dockerd, which alone has no "push by digest" for Docker's own
driver of buildx: each connection is upgraded as Docker's client does it, then passed through.

    buildkit.py ENGINE-SOCKET SOCKET
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress

UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def pass_through(one: socket.socket, other: socket.socket) -> None:
    """Sends what one side says to the other, until it ends."""
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def serve(client: socket.socket, engine: str) -> None:
    """One connection."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(engine)
    server.sendall(UPGRADE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        read = server.recv(1)
        if not read:
            break
        head += read
    if b" 101 " not in head:
        sys.exit(f"the engine does not upgrade: {head!r}")
    threading.Thread(target=pass_through, args=(client, server), daemon=True).start()
    pass_through(server, client)


def main() -> None:
    """Serves until it is ended."""
    engine, path = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, engine), daemon=True).start()


if __name__ == "__main__":
    main()
