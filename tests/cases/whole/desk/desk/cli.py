import click

from .extensions import db


def register(app):
    @app.cli.command("close-old")
    @click.option("--days", default=90)
    def close_old(days):
        """Closes tickets that nobody touched."""
        from datetime import UTC, datetime, timedelta

        from .models import Ticket

        before = datetime.now(UTC) - timedelta(days=days)
        old = db.session.scalars(db.select(Ticket).where(Ticket.opened < before, Ticket.state != "closed")).all()
        for ticket in old:
            ticket.state = "closed"
        db.session.commit()
        click.echo(f"{len(old)} closed")
