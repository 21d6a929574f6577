"""Celery's application: `celery -A config.celery:app worker`."""

import logging
import os
from pathlib import Path
from typing import Any, cast

from celery import Celery, Task
from celery.backends.redis import RedisBackend
from celery.beat import PersistentScheduler
from celery.signals import (
    before_task_publish,
    heartbeat_sent,
    setup_logging,
    task_prerun,
    worker_ready,
)

from config import logs

# The containers' health checks look at these files' age.
WORKER_HEARTBEAT = Path("/tmp/worker-heartbeat")  # noqa: S108 (a tmpfs of the container's own)
BEAT_HEARTBEAT = Path("/tmp/beat-heartbeat")  # noqa: S108 (a tmpfs, too)

# A task that lost its process is given out again at most so often: most likely it is why.
# One that a stopping worker handed back counts, too.
REDELIVERIES = 5
REDELIVERIES_KEPT_FOR = 24 * 3600


class PolledRedisBackend(RedisBackend):
    """Results are asked for over HTTP and never waited for.

    Without this every queued task would leave a subscription in the web process.
    """

    def on_task_call(self, producer: Any, task_id: str) -> None:
        pass

    def count_redelivery(self, task_id: str) -> int:
        key = f"redeliveries-{task_id}"
        count: int = self.client.incr(key)
        self.client.expire(key, REDELIVERIES_KEPT_FOR)
        return count


class TooManyDeliveriesError(RuntimeError):
    """The task took its process with it again and again."""


class BoundedTask(Task):  # type: ignore[type-arg] # cannot be subscripted when it runs
    """Is not run for ever when it kills what runs it. Its failure is its result."""

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        if (self.request.delivery_info or {}).get("redelivered"):
            count = cast(PolledRedisBackend, self.backend).count_redelivery(task_id)
            if count > REDELIVERIES:
                raise TooManyDeliveriesError(f"lost with its process {REDELIVERIES} times")


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery(
    "shop",
    task_cls=f"{__name__}:{BoundedTask.__name__}",
)
app.loader.override_backends = {"redis": f"{__name__}:{PolledRedisBackend.__name__}"}
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def configure_logging(loglevel: int, **_: Any) -> None:
    logs.configure(logging.getLevelName(loglevel).lower())


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **_: Any) -> None:
    headers["request_id"] = logs.request_id.get()


@task_prerun.connect
def take_request_id(task: Any, task_id: str, **_: Any) -> None:
    """Of the request that queued the task. One that beat sent has its own id there."""
    sent = task.request.get("request_id", "-")
    logs.request_id.set(task_id if sent == "-" else sent)


@worker_ready.connect
@heartbeat_sent.connect
def touch_worker_heartbeat(**_: Any) -> None:
    WORKER_HEARTBEAT.touch()


class HeartbeatScheduler(PersistentScheduler):
    def tick(self, *args: Any, **kwargs: Any) -> float:
        BEAT_HEARTBEAT.touch()
        return super().tick(*args, **kwargs)
