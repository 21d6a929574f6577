from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.factory import create_app
from app.settings import Settings


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A service whose sample model has been loaded."""
    app = create_app(settings)
    with TestClient(app) as client:
        app.state.resources.model.wait(30)
        yield client


def test_ready_once_the_model_is_loaded(client: TestClient) -> None:
    body = client.get("/ready").json()

    assert body["model_loaded"] is True
    assert body["checks"]["model"] == "ok"


def test_every_row_gets_a_prediction(client: TestClient) -> None:
    rows = [[0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0]]

    response = client.post("/predict", json={"features": rows})

    assert response.status_code == 200
    first, second = response.json()["predictions"]
    assert first != second


@pytest.mark.parametrize("features", [[], [[1.0, 2.0, 3.0]], [1.0, 2.0, 3.0, 4.0], [["a"] * 4]])
def test_rows_of_another_shape_are_refused(client: TestClient, features: list[object]) -> None:
    assert client.post("/predict", json={"features": features}).status_code == 422
