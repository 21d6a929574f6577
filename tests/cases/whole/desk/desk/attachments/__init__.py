from flask import Blueprint

attachments = Blueprint("attachments", __name__)

from . import routes  # noqa: E402, F401
