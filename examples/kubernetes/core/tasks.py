"""The tasks that workers run. Arguments and results are JSON."""

from celery import shared_task
from celery.utils.log import get_task_logger

logger = get_task_logger(__name__)


@shared_task
def add(a: int, b: int) -> int:
    return a + b


@shared_task(ignore_result=True)
def report_alive() -> None:
    """Sent by beat: its line in the worker's log shows that schedule and queue work."""
    logger.info("a scheduled task has arrived")
