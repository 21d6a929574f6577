"""Liveness and readiness."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from core import checks


def ping_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


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
        }
    )
    available = all(result == "ok" for result in results.values())
    body = {
        "status": "ready" if available else "unavailable",
        "checks": results,
    }
    return JsonResponse(body, status=200 if available else 503)
