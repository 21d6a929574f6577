from flask import current_app, render_template

from ..extensions import db
from ..models import Ticket
from . import pages


@pages.app_context_processor
def title():
    return {"desk_title": current_app.config["DESK_TITLE"]}


@pages.get("/")
def home():
    found = db.session.scalars(db.select(Ticket).where(Ticket.state != "closed").order_by(Ticket.id.desc()))
    return render_template("home.html", tickets=found.all())


@pages.get("/tickets/<int:number>")
def ticket(number):
    return render_template("ticket.html", ticket=db.get_or_404(Ticket, number))
