from flask import abort, jsonify, request, send_from_directory

from ..extensions import db
from ..models import Attachment, Ticket
from . import attachments
from .store import folder, keep


@attachments.post("/api/tickets/<int:number>/attachments")
def attach(number):
    db.get_or_404(Ticket, number)
    file = request.files.get("file")
    if file is None or not file.filename:
        abort(400)
    stored_as, size = keep(file)
    attachment = Attachment(ticket_id=number, name=file.filename, stored_as=stored_as, size=size)
    db.session.add(attachment)
    db.session.commit()
    return jsonify(attachment.as_dict()), 201


@attachments.get("/attachments/<int:number>")
def attachment(number):
    found = db.get_or_404(Attachment, number)
    return send_from_directory(folder(), found.stored_as, download_name=found.name, as_attachment=True)
