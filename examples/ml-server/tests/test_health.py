from pathlib import Path

from fastapi.testclient import TestClient

from app.factory import create_app
from app.settings import Settings


def test_health_answers(client: TestClient) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


def test_ready_names_the_model_that_is_missing(settings: Settings, tmp_path: Path) -> None:
    missing = tmp_path / "missing.model.onnx"
    app = create_app(settings.model_copy(update={"model_path": missing}))
    with TestClient(app) as client:
        app.state.resources.model.wait(30)
        assert client.get("/health").status_code == 200
        response = client.get("/ready")

    assert response.status_code == 503
    body = response.json()
    assert body["model_loaded"] is False
    assert body["device"] == "cpu"
    assert f"MODEL_PATH={missing}" in body["checks"]["model"]
