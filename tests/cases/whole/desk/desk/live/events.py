from flask import request
from flask_socketio import emit, join_room

from ..extensions import socketio
from . import presence


def room(ticket: int) -> str:
    return f"ticket-{ticket}"


@socketio.on("watch")
def watch(ticket):
    join_room(room(ticket))
    emit("watching", {"ticket": ticket, "browsers": presence.watch(ticket, request.sid)})


@socketio.on("disconnect")
def disconnect(*reason):
    presence.leave(request.sid)


def tell(ticket: int, text: str) -> None:
    socketio.emit("comment", {"ticket": ticket, "text": text}, to=room(ticket))
