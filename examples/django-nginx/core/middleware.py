"""Turns what can go wrong in a view into an answer."""

import logging
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from core.requests import InvalidBodyError, NotFoundError

logger = logging.getLogger(__name__)

# What a request fails with while something that the service needs is away.
UNAVAILABLE: dict[type[Exception], str] = {
    OperationalError: "the database is not available",
}


class AnswerErrors:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> JsonResponse | None:
        if isinstance(error, InvalidBodyError):
            return JsonResponse({"detail": str(error)}, status=422)
        if isinstance(error, NotFoundError):
            return JsonResponse({"detail": str(error)}, status=404)
        for kind, detail in UNAVAILABLE.items():
            if isinstance(error, kind):
                logger.warning("%s %s: %s", request.method, request.path, error)
                return JsonResponse({"detail": detail}, status=503)
        return None
