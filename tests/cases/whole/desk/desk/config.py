import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Config:
    SECRET_KEY = os.environ.get("DESK_SECRET_KEY", "only-for-development")
    SQLALCHEMY_DATABASE_URI = "sqlite:///desk.db"
    UPLOAD_FOLDER = os.environ.get("DESK_UPLOADS", str(ROOT / "uploads"))
    MAX_CONTENT_LENGTH = 25 * 1024 * 1024
    DESK_TITLE = os.environ.get("DESK_TITLE", "Help desk")

    @staticmethod
    def prepare(app):
        """Makes what has to be there."""
        os.makedirs(app.instance_path, exist_ok=True)
        os.makedirs(app.config["UPLOAD_FOLDER"], exist_ok=True)
