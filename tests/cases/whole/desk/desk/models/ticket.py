from datetime import UTC, datetime

from ..extensions import db

STATES = ("open", "waiting", "closed")


class Ticket(db.Model):
    __tablename__ = "tickets"

    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(160), nullable=False)
    text = db.Column(db.Text, nullable=False, default="")
    state = db.Column(db.String(10), nullable=False, default="open")
    opened = db.Column(db.DateTime, nullable=False, default=lambda: datetime.now(UTC))

    comments = db.relationship("Comment", back_populates="ticket", order_by="Comment.id")
    attachments = db.relationship("Attachment", back_populates="ticket", order_by="Attachment.id")

    def as_dict(self):
        return {
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "state": self.state,
            "comments": [comment.text for comment in self.comments],
            "attachments": [attachment.as_dict() for attachment in self.attachments],
        }
