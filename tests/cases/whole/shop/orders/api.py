import json

from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from .models import Line, Order
from .tasks import confirm


def _as_dict(order):
    return {"id": order.pk, "state": order.state, "total": str(order.total)}


@csrf_exempt
@require_POST
def place(request):
    data = json.loads(request.body)
    with transaction.atomic():
        order = Order.objects.create(email=data["email"])
        for line in data["lines"]:
            Line.objects.create(order=order, product_id=line["product"], count=line["count"])
        transaction.on_commit(lambda: confirm.delay(order.pk))
    return JsonResponse(_as_dict(order), status=201)


@require_GET
def show(request, pk):
    return JsonResponse(_as_dict(get_object_or_404(Order, pk=pk)))
