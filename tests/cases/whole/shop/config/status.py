from django.core.cache import cache
from django.http import JsonResponse

from catalogue.models import Product


def status(request):
    """What the shop's parts did lately."""
    cache.add("status-asked", 0, timeout=None)
    return JsonResponse(
        {
            "products": Product.objects.count(),
            "asked": cache.incr("status-asked"),
            "stock_counted": cache.get("stock-counted", 0),
        }
    )
