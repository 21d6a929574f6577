"""Celery's application: `celery -A app.celery_app:app worker`."""

from pathlib import Path
from typing import Any

from celery import Celery
from celery.backends.redis import RedisBackend
from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent, worker_ready

from app.settings import CelerySettings

# The containers' health checks look at these files' age.
WORKER_HEARTBEAT = Path("/tmp/worker-heartbeat")  # noqa: S108 (a tmpfs of the container's own)
BEAT_HEARTBEAT = Path("/tmp/beat-heartbeat")  # noqa: S108 (a tmpfs, too)

# Seconds.
CONNECT_TIMEOUT = 2
REPLY_TIMEOUT = 3
RESULTS_KEPT_FOR = 3600

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
        # A task whose worker dies is run again, so tasks have to bear that. And a worker
        # takes one at a time: the others stay with the broker, for whoever is free.
        "task_acks_late": True,
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


app = Celery("reports", include=["app.tasks"])
app.loader.override_backends = {"redis": f"{__name__}:{PolledRedisBackend.__name__}"}
# Read at the first use, not at import: the tests import this module without a broker.
app.add_defaults(configuration)


@worker_ready.connect
@heartbeat_sent.connect
def touch_worker_heartbeat(**_: Any) -> None:
    WORKER_HEARTBEAT.touch()


class HeartbeatScheduler(PersistentScheduler):
    def tick(self, *args: Any, **kwargs: Any) -> float:
        BEAT_HEARTBEAT.touch()
        return super().tick(*args, **kwargs)
