"""Runs in the web container: fills the queue while nobody takes from it, lets the worker take, and waits for the
end. Takes a task, how many, and its argument; prints seconds and failures as JSON."""

import json
import sys
import time

from app import tasks
from app.celery_app import app

LIMIT = 120

name, count, argument = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
app.control.cancel_consumer("celery", reply=True, timeout=5)
ids = [getattr(tasks, name).delay(argument).id for _ in range(count)]
keys = [app.backend.get_key_for_task(task_id) for task_id in ids]


def ended(some: list[bytes]) -> list[str]:
    """The states of those that have ended."""
    states = (json.loads(found)["status"] for found in app.backend.client.mget(some) if found)
    return [state for state in states if state in ("SUCCESS", "FAILURE")]


def wait_for(some: list[bytes]) -> None:
    while len(ended(some)) < len(some) and time.monotonic() < begun + LIMIT:
        time.sleep(0.01)


begun = time.monotonic()
app.control.add_consumer("celery")
# The last in the queue is among the last to end; asking for all of them all the time would
# cost more than they do.
wait_for(keys[-1:])
wait_for(keys)
seconds = time.monotonic() - begun
print(json.dumps({"seconds": seconds, "failed": count - ended(keys).count("SUCCESS")}))
