import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from core.views import health

pytestmark = pytest.mark.django_db


def test_health_answers(client: Client) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_health_checks_are_neither_redirected_nor_refused(
    client: Client, path: str, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(path, headers={"host": "127.0.0.1:8000"})

    assert response.status_code in (200, 503)


def test_ready_names_the_database_that_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(health, "ping_database", refuse)

    response = client.get("/ready")

    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["checks"]["database"] == "unavailable (OperationalError)"


def test_ready_names_the_redis_that_is_away(client: Client) -> None:
    response = client.get("/ready")
    assert response.status_code == 503
    results = response.json()["checks"]
    assert results["cache"] == "unavailable (ConnectionError)"
    assert results["broker"] == "unavailable (ConnectionError)"
    assert results["database"] == "ok"
