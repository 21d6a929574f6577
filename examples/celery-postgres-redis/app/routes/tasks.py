"""Queues tasks and reads their results."""

from typing import Any
from uuid import UUID

from celery.result import AsyncResult
from fastapi import APIRouter
from pydantic import BaseModel

from app import tasks
from app.celery_app import app as celery_app

router = APIRouter(prefix="/tasks", tags=["tasks"])


class Numbers(BaseModel):
    a: int
    b: int


class Queued(BaseModel):
    id: str


class Task(BaseModel):
    id: str
    state: str
    result: Any = None


# Celery's client blocks, so these two are no coroutines: FastAPI runs them in its threads.


@router.post("", status_code=202)
def queue_task(body: Numbers) -> Queued:
    return Queued(id=tasks.add.delay(body.a, body.b).id)


@router.get("/{task_id}")
def read_task(task_id: UUID) -> Task:
    """An id that Celery has never seen, or has forgotten, is PENDING as well."""
    result: AsyncResult[Any] = AsyncResult(str(task_id), app=celery_app)
    state, value = result.state, result.result
    if state not in ("SUCCESS", "FAILURE"):
        value = None
    return Task(id=str(task_id), state=state, result=str(value) if state == "FAILURE" else value)
