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
    # As the container asks itself, and as a load balancer asks it by its address.
    for host in ("127.0.0.1:8000", "10.0.3.7:8000"):
        response = client.get(path, headers={"host": host})

        assert response.status_code in (200, 503)


def test_metrics_are_asked_for_by_address(client: Client) -> None:
    # There are none until somebody adds the view; the host is not what is wrong.
    assert client.get("/metrics", headers={"host": "10.0.3.7:8000"}).status_code == 404


def test_a_host_that_is_not_ours_is_refused_elsewhere(client: Client) -> None:
    assert client.get("/elsewhere", headers={"host": "10.0.3.7"}).status_code == 400


def test_ready_when_the_database_is_there(client: Client) -> None:
    response = client.get("/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"database": "ok"}}


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
