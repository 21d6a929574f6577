from ..extensions import db


class Comment(db.Model):
    __tablename__ = "comments"

    id = db.Column(db.Integer, primary_key=True)
    ticket_id = db.Column(db.ForeignKey("tickets.id"), nullable=False)
    text = db.Column(db.Text, nullable=False)

    ticket = db.relationship("Ticket", back_populates="comments")
