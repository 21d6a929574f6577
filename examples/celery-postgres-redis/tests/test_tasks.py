from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from kombu.exceptions import OperationalError

from app import tasks
from app.celery_app import REDELIVERIES, BoundedTask, TooManyDeliveriesError

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_the_result_of_a_queued_task_can_be_read(client: TestClient) -> None:
    queued = client.post("/tasks", json={"a": 1, "b": 2})

    assert queued.status_code == 202
    task_id = queued.json()["id"]
    assert client.get(f"/tasks/{task_id}").json() == {
        "id": task_id,
        "state": "SUCCESS",
        "result": 3,
    }


def test_a_task_without_a_result_is_pending(client: TestClient) -> None:
    assert client.get(f"/tasks/{UNKNOWN}").json() == {
        "id": UNKNOWN,
        "state": "PENDING",
        "result": None,
    }


def test_a_wrong_argument_is_refused(client: TestClient) -> None:
    assert client.post("/tasks", json={"a": "one", "b": 2}).status_code == 422


def test_a_broker_that_is_away_is_a_503(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: int) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(tasks.add, "delay", refuse)

    assert client.post("/tasks", json={"a": 1, "b": 2}).status_code == 503


def redelivered(answer: bool) -> dict[str, Any]:
    return {"delivery_info": {"redelivered": answer}}


def test_a_task_that_loses_its_process_again_and_again_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = iter(range(1, 100))
    backend = SimpleNamespace(count_redelivery=lambda task_id: next(counts))
    monkeypatch.setattr(BoundedTask, "backend", backend)
    tasks.add.push_request(**redelivered(True))
    try:
        for _ in range(REDELIVERIES):
            tasks.add.before_start(UNKNOWN, (), {})
        with pytest.raises(TooManyDeliveriesError):
            tasks.add.before_start(UNKNOWN, (), {})
    finally:
        tasks.add.pop_request()


def test_a_task_that_comes_for_the_first_time_is_not_counted() -> None:
    tasks.add.push_request(**redelivered(False))
    try:
        tasks.add.before_start(UNKNOWN, (), {})
    finally:
        tasks.add.pop_request()
