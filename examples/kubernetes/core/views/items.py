"""Items: rows of the database, read through the cache."""

import logging
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from core.models import Item
from core.requests import NotFoundError, read_object, read_text

logger = logging.getLogger(__name__)

# Seconds.
CACHED_FOR = 60

PAGE = 100

# The range of PostgreSQL's bigint.
LARGEST_ID = 2**63 - 1


def as_json(item: Item) -> dict[str, Any]:
    return {"id": item.pk, "name": item.name}


# No cookie says who the caller is, so there is nothing to forge.
@method_decorator(csrf_exempt, name="dispatch")
class ItemsView(View):
    def get(self, request: HttpRequest) -> JsonResponse:
        items = Item.objects.order_by("pk")[:PAGE]
        return JsonResponse([as_json(item) for item in items], safe=False)

    def post(self, request: HttpRequest) -> JsonResponse:
        name = read_text(read_object(request), "name", max_length=200)
        return JsonResponse(as_json(Item.objects.create(name=name)), status=201)


def stored(item_id: int) -> dict[str, Any]:
    item = Item.objects.filter(pk=item_id).first() if item_id <= LARGEST_ID else None
    if item is None:
        raise NotFoundError("no such item")
    return as_json(item)


class ItemView(View):
    def get(self, request: HttpRequest, item_id: int) -> JsonResponse:
        key = f"item:{item_id}"
        try:
            item = cache.get(key)
            if item is None:
                item = stored(item_id)
                cache.set(key, item, timeout=CACHED_FOR)
        except RedisError as error:
            # The database has the row: a cache that is away costs time, not the answer.
            logger.warning("cache: %s", error)
            item = stored(item_id)
        return JsonResponse(item)
