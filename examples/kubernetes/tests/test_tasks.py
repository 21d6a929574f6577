from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from kombu.exceptions import OperationalError

from config.celery import REDELIVERIES, BoundedTask, TooManyDeliveriesError
from core import tasks

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def queue(client: Client, body: object) -> tuple[int, dict[str, str]]:
    response = client.post("/tasks", body, content_type="application/json")
    return response.status_code, response.json()


def test_the_result_of_a_queued_task_can_be_read(client: Client) -> None:
    status, queued = queue(client, {"a": 1, "b": 2})

    assert status == 202
    task = client.get(f"/tasks/{queued['id']}").json()
    assert task == {"id": queued["id"], "state": "SUCCESS", "result": 3}


def test_a_task_without_a_result_is_pending(client: Client) -> None:
    task = client.get(f"/tasks/{UNKNOWN}").json()

    assert task == {"id": UNKNOWN, "state": "PENDING", "result": None}


@pytest.mark.parametrize("body", [{"a": "one", "b": 2}, {"a": 1}, {"a": True, "b": 2}])
def test_a_wrong_argument_is_refused(client: Client, body: object) -> None:
    status, _ = queue(client, body)

    assert status == 422


def test_a_broker_that_is_away_is_a_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: int) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(tasks.add, "delay", refuse)

    status, _ = queue(client, {"a": 1, "b": 2})

    assert status == 503


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
