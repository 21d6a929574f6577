from flask import jsonify

from ..live.presence import next_code
from . import api


@api.post("/queue")
def take_number():
    return jsonify({"code": next_code()}), 201
