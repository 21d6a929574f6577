"""A small help desk."""

from flask import Flask

from . import cli, live  # noqa: F401
from .config import Config
from .extensions import db, socketio


def create_app(config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_object(Config)
    if config:
        app.config.update(config)
    Config.prepare(app)

    db.init_app(app)
    socketio.init_app(app)

    from .api import api
    from .attachments import attachments
    from .pages import pages

    app.register_blueprint(pages)
    app.register_blueprint(api, url_prefix="/api")
    app.register_blueprint(attachments)
    cli.register(app)

    with app.app_context():
        db.create_all()
    return app
