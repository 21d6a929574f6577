from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.factory import create_app
from app.settings import Settings

CONFIG = Config(Path(__file__).resolve().parent.parent / "alembic.ini")


def test_an_item_can_be_read_after_it_was_made(client: TestClient) -> None:
    created = client.post("/items", json={"name": " first "})

    assert created.status_code == 201
    assert created.json() == {"id": 1, "name": "first"}
    assert client.get("/items/1").json() == {"id": 1, "name": "first"}


def test_items_are_listed_in_order(client: TestClient) -> None:
    for name in ("one", "two", "three"):
        client.post("/items", json={"name": name})

    names = [item["name"] for item in client.get("/items", params={"limit": 2}).json()]

    assert names == ["one", "two"]


@pytest.mark.parametrize("item_id", ["1", "2147483647"])
def test_an_item_that_is_not_there_is_a_404(client: TestClient, item_id: str) -> None:
    assert client.get(f"/items/{item_id}").status_code == 404


@pytest.mark.parametrize("item_id", ["0", "2147483648", "first"])
def test_an_impossible_id_is_refused(client: TestClient, item_id: str) -> None:
    assert client.get(f"/items/{item_id}").status_code == 422


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_of_no_or_too_many_letters_is_refused(client: TestClient, name: str) -> None:
    assert client.post("/items", json={"name": name}).status_code == 422


def test_a_database_that_is_away_is_a_503(settings: Settings) -> None:
    away = SecretStr("postgresql://app:secret@127.0.0.1:1/app")
    with TestClient(create_app(settings.model_copy(update={"database_url": away}))) as client:
        response = client.get("/items")

    assert response.status_code == 503
    assert response.json() == {"detail": "the database is not available"}


def test_a_statement_that_fails_is_a_500(settings: Settings) -> None:
    command.downgrade(CONFIG, "base")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert client.get("/items").status_code == 500
