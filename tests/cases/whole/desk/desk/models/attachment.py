from ..extensions import db


class Attachment(db.Model):
    __tablename__ = "attachments"

    id = db.Column(db.Integer, primary_key=True)
    ticket_id = db.Column(db.ForeignKey("tickets.id"), nullable=False)
    name = db.Column(db.String(200), nullable=False)
    stored_as = db.Column(db.String(60), nullable=False)
    size = db.Column(db.Integer, nullable=False)

    ticket = db.relationship("Ticket", back_populates="attachments")

    def as_dict(self):
        return {"id": self.id, "name": self.name, "size": self.size}
