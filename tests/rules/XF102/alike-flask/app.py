from flask import Flask

from models import db


def create_app():
    app = Flask(__name__)
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI="postgresql://app:x@db/app",
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 2, "max_overflow": 2},
    )
    db.init_app(app)
    return app


app = create_app()
