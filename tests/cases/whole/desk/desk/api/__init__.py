from flask import Blueprint

api = Blueprint("api", __name__)

from . import queue, tickets  # noqa: E402, F401
