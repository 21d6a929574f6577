import pytest
from fastapi.testclient import TestClient


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
