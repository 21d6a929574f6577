"""Liveness and readiness."""

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis

from core import checks

# A cache that is away costs time, not answers: it is reported, and nothing more.
OPTIONAL = {"cache"}


def ping_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def ping_cache() -> None:
    cache.get("readiness")


def ping_broker() -> None:
    url = settings.CELERY_BROKER_URL
    with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
        client.ping()


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing, so that no outage elsewhere restarts it."""
    return JsonResponse({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether everything that the service cannot work without is there."""
    results = checks.run(
        {
            "database": ping_database,
            "cache": ping_cache,
            "broker": ping_broker,
        }
    )
    available = all(result == "ok" or name in OPTIONAL for name, result in results.items())
    body = {
        "status": "ready" if available else "unavailable",
        "checks": results,
    }
    return JsonResponse(body, status=200 if available else 503)
