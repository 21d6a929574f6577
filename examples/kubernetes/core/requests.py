"""Reads what clients send, and says what is wrong with it."""

import json
from typing import Any

from django.http import HttpRequest


class InvalidBodyError(ValueError):
    """The body is not what the view can work with: answered with 422."""


class NotFoundError(LookupError):
    """There is nothing under this name: answered with 404."""


def read_object(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise InvalidBodyError("the body has to be JSON") from None
    if not isinstance(body, dict):
        raise InvalidBodyError("the body has to be an object")
    return body


def read_text(body: dict[str, Any], name: str, *, max_length: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= max_length:
        raise InvalidBodyError(f"{name} has to be a text of 1 to {max_length} letters")
    return value.strip()


def read_integer(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidBodyError(f"{name} has to be a whole number")
    return value
