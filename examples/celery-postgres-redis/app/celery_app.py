"""Celery's application: `celery -A app.celery_app:app worker`."""

import logging
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

from app import logs
from app.settings import CelerySettings

# The containers' health checks look at these files' age.
WORKER_HEARTBEAT = Path("/tmp/worker-heartbeat")  # noqa: S108 (a tmpfs of the container's own)
BEAT_HEARTBEAT = Path("/tmp/beat-heartbeat")  # noqa: S108 (a tmpfs, too)

# Seconds.
CONNECT_TIMEOUT = 2
REPLY_TIMEOUT = 3
RESULTS_KEPT_FOR = 3600

# A task that lost its process is given out again at most so often: most likely it is why.
# One that a stopping worker handed back counts, too.
REDELIVERIES = 5
REDELIVERIES_KEPT_FOR = 24 * 3600

# Who queues a task or asks for a result learns soon that Redis is away.
RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}


def configuration() -> dict[str, Any]:
    settings = CelerySettings.load()
    visibility_timeout = settings.celery_visibility_timeout
    return {
        "broker_url": settings.celery_broker_url.get_secret_value(),
        "broker_connection_retry_on_startup": True,
        "broker_connection_timeout": CONNECT_TIMEOUT,
        # How long a task may run before Redis hands it to another worker as well. Celery
        # reads it in three places, and it has to be above the time limit in all of them.
        "visibility_timeout": visibility_timeout,
        "broker_transport_options": {
            "visibility_timeout": visibility_timeout,
            "socket_connect_timeout": CONNECT_TIMEOUT,
            "socket_timeout": REPLY_TIMEOUT,
        },
        "result_backend": settings.celery_result_backend.get_secret_value(),
        "result_backend_transport_options": {
            "visibility_timeout": visibility_timeout,
            "retry_policy": RETRY_POLICY,
        },
        "redis_socket_connect_timeout": CONNECT_TIMEOUT,
        "redis_socket_timeout": REPLY_TIMEOUT,
        "result_expires": RESULTS_KEPT_FOR,
        "task_publish_retry_policy": RETRY_POLICY,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_track_started": True,
        # A task whose process dies, be it the whole worker or the child that ran it (out of
        # memory), is run again, so tasks have to bear that; see BoundedTask. And a worker
        # takes one at a time: the others stay with the broker, for whoever is free.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "task_time_limit": settings.celery_task_time_limit,
        "task_soft_time_limit": settings.celery_task_soft_time_limit,
        # What a stopping worker gives its tasks before it hands them back to the broker.
        "worker_soft_shutdown_timeout": settings.celery_soft_shutdown_timeout,
        "beat_max_loop_interval": 30,
        "beat_schedule": {
            "report-alive-every-minute": {
                "task": "app.tasks.report_alive",
                "schedule": 60,
                # Without a worker the copies would pile up.
                "options": {"expires": 60},
            },
        },
    }


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


app = Celery(
    "reports",
    include=["app.tasks"],
    task_cls=f"{__name__}:{BoundedTask.__name__}",
)
app.loader.override_backends = {"redis": f"{__name__}:{PolledRedisBackend.__name__}"}
# Read at the first use, not at import: the tests import this module without a broker.
app.add_defaults(configuration)


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
