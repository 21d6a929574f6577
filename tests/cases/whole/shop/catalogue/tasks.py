from celery import shared_task
from django.core.cache import cache
from django.db.models import Sum

from .models import Product


@shared_task(name="catalogue.tasks.count_stock")
def count_stock():
    """Notes how many pieces there are, and that they were counted."""
    cache.set("stock", Product.objects.aggregate(pieces=Sum("stock"))["pieces"] or 0, timeout=None)
    cache.add("stock-counted", 0, timeout=None)
    return cache.incr("stock-counted")
