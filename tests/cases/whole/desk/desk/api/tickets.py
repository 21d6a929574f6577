from flask import abort, jsonify, request

from ..extensions import db
from ..live.events import tell
from ..live.presence import watching
from ..models import Comment, Ticket
from ..models.ticket import STATES
from . import api


@api.get("/tickets")
def tickets():
    found = db.session.scalars(db.select(Ticket).order_by(Ticket.id))
    return jsonify([ticket.as_dict() for ticket in found])


@api.post("/tickets")
def open_ticket():
    data = request.get_json()
    ticket = Ticket(title=data["title"], text=data.get("text", ""))
    db.session.add(ticket)
    db.session.commit()
    return jsonify(ticket.as_dict()), 201


@api.get("/tickets/<int:number>")
def ticket(number):
    found = db.get_or_404(Ticket, number)
    return jsonify(found.as_dict() | {"watching": watching(number)})


@api.patch("/tickets/<int:number>")
def change(number):
    found = db.get_or_404(Ticket, number)
    state = request.get_json().get("state")
    if state not in STATES:
        abort(400)
    found.state = state
    db.session.commit()
    return jsonify(found.as_dict())


@api.post("/tickets/<int:number>/comments")
def comment(number):
    db.get_or_404(Ticket, number)
    text = request.get_json()["text"]
    db.session.add(Comment(ticket_id=number, text=text))
    db.session.commit()
    tell(number, text)
    return jsonify({"text": text}), 201
