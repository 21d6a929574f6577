"""Queues tasks and reads their results."""

from typing import Any
from uuid import UUID

from celery.result import AsyncResult
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from core import tasks
from core.requests import read_integer, read_object


# No cookie says who the caller is, so there is nothing to forge.
@method_decorator(csrf_exempt, name="dispatch")
class TasksView(View):
    def post(self, request: HttpRequest) -> JsonResponse:
        body = read_object(request)
        queued = tasks.add.delay(read_integer(body, "a"), read_integer(body, "b"))
        return JsonResponse({"id": queued.id}, status=202)


class TaskView(View):
    """An id that Celery has never seen, or has forgotten, is PENDING as well."""

    def get(self, request: HttpRequest, task_id: UUID) -> JsonResponse:
        result: AsyncResult[Any] = AsyncResult(str(task_id))
        state, value = result.state, result.result
        if state == "FAILURE":
            value = str(value)
        elif state != "SUCCESS":
            value = None
        return JsonResponse({"id": str(task_id), "state": state, "result": value})
