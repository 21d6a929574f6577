"""What comes before the views, and turns what can go wrong in them into an answer."""

import logging
from collections.abc import Callable

import psycopg
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from core.requests import InvalidBodyError, NotFoundError

logger = logging.getLogger(__name__)

# What a request fails with while something that the service needs is away.
UNAVAILABLE: dict[type[Exception], str] = {
    OperationalError: "the database is not available",
    RedisError: "the cache or the result store is not available",
    BrokerError: "the task queue is not available",
}

# SQLSTATEs of a server that shuts down, starts or is full. Class 08 is broken connections.
AWAY = {"57P01", "57P02", "57P03", "53300"}


def is_away(error: OperationalError) -> bool:
    """Whether the database could not be reached. A deadlock or a time-out is something else."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.OperationalError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith("08") or cause.sqlstate in AWAY


# What is asked for by a container's own address, which no list of hosts can have: by load
# balancers, by the kubelet, by Prometheus.
BY_ADDRESS = {"/health", "/ready", "/metrics"}


class AnswerByAddress:
    """Takes whoever asks for these paths as if they asked for 127.0.0.1.

    It comes before whatever looks at the host. None of these answers depends on it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in BY_ADDRESS:
            request.META["HTTP_HOST"] = "127.0.0.1"
        return self.get_response(request)


def too_large() -> JsonResponse:
    detail = f"a body has at most {settings.MAX_BODY_BYTES} bytes"
    return JsonResponse({"detail": detail}, status=413)


def unavailable(request: HttpRequest, detail: str) -> HttpResponse:
    """JSON for programs; people, in the administration for instance, get a sentence."""
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        return HttpResponse(f"{detail}\n", status=503, content_type="text/plain")
    return JsonResponse({"detail": detail}, status=503)


class AnswerErrors:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.MAX_BODY_BYTES:
            return too_large()
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if isinstance(error, RequestDataTooBig):
            return too_large()
        if isinstance(error, InvalidBodyError):
            return JsonResponse({"detail": str(error)}, status=422)
        if isinstance(error, NotFoundError):
            return JsonResponse({"detail": str(error)}, status=404)
        if isinstance(error, OperationalError) and not is_away(error):
            return None
        for kind, detail in UNAVAILABLE.items():
            if isinstance(error, kind):
                logger.warning("%s %s: %s", request.method, request.path, error)
                return unavailable(request, detail)
        return None
