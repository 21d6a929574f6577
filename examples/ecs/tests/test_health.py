from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.factory import create_app
from app.settings import Settings


def test_health_answers(client: TestClient) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


def test_ready_when_the_database_answers(client: TestClient) -> None:
    response = client.get("/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"database": "ok"}}


def test_ready_names_the_database_that_is_away(settings: Settings) -> None:
    away = SecretStr("postgresql://app:secret@127.0.0.1:1/app")
    with TestClient(create_app(settings.model_copy(update={"database_url": away}))) as client:
        assert client.get("/health").status_code == 200
        response = client.get("/ready")

    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["checks"]["database"] == "unavailable (OperationalError)"
    assert "secret" not in response.text
