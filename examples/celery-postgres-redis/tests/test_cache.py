from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.resources import Resources


def test_a_value_can_be_read_after_it_was_written(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    values: dict[str, str] = {}

    async def write(key: str, value: str, ex: int) -> None:
        values[key] = value

    async def read(key: str) -> str | None:
        return values.get(key)

    resources = cast(Resources, cast(FastAPI, client.app).state.resources)
    monkeypatch.setattr(resources.cache, "set", write)
    monkeypatch.setattr(resources.cache, "get", read)

    assert client.get("/cache/colour").status_code == 404
    assert client.put("/cache/colour", json={"value": "blue"}).status_code == 200
    assert client.get("/cache/colour").json() == {"key": "colour", "value": "blue"}


def test_a_cache_that_is_away_is_a_503(client: TestClient) -> None:
    assert client.put("/cache/colour", json={"value": "blue"}).status_code == 503
    assert client.get("/cache/colour").status_code == 503
