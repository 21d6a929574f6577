import os
import uuid

from flask import current_app


def folder():
    return current_app.config["UPLOAD_FOLDER"]


def keep(file):
    """Writes an uploaded file; its name there and its size."""
    name = uuid.uuid4().hex
    path = os.path.join(folder(), name)
    file.save(path)
    return name, os.path.getsize(path)
