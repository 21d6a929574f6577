import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def create(client: Client, body: object) -> tuple[int, object]:
    response = client.post("/items", body, content_type="application/json")
    return response.status_code, response.json()


def test_an_item_can_be_read_after_it_was_made(client: Client) -> None:
    status, item = create(client, {"name": " first "})

    assert status == 201
    assert isinstance(item, dict)
    assert item["name"] == "first"
    assert client.get(f"/items/{item['id']}").json() == item


def test_items_are_listed_in_order(client: Client) -> None:
    for name in ("one", "two"):
        create(client, {"name": name})

    assert [item["name"] for item in client.get("/items").json()] == ["one", "two"]


@pytest.mark.parametrize("item_id", [0, 2**63 - 1, 2**63])
def test_an_item_that_is_not_there_is_a_404(client: Client, item_id: int) -> None:
    response = client.get(f"/items/{item_id}")

    assert response.status_code == 404
    assert response.json() == {"detail": "no such item"}


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"name": "x" * 201}, {"name": 1}, [], "{"])
def test_a_wrong_body_is_refused(client: Client, body: object) -> None:
    status, _ = create(client, body)

    assert status == 422


def test_the_admin_asks_for_a_password(client: Client) -> None:
    response = client.get("/admin/core/item/", follow=True)

    assert response.status_code == 200
    assert b"password" in response.content


def test_the_admin_lists_items(admin_client: Client) -> None:
    create(admin_client, {"name": "visible"})

    assert b"visible" in admin_client.get("/admin/core/item/").content


def test_the_migrations_make_the_tables_of_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_an_item_is_read_from_the_cache(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.set("item:7", {"id": 7, "name": "cached"})

    assert client.get("/items/7").json() == {"id": 7, "name": "cached"}
