import json

from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from .models import Category, Product


@csrf_exempt
@require_http_methods(["GET", "POST"])
def products(request):
    if request.method == "POST":
        data = json.loads(request.body)
        made = Product.objects.create(
            category=get_object_or_404(Category, slug=data["category"]),
            name=data["name"],
            price=data["price"],
            stock=data.get("stock", 0),
        )
        return JsonResponse(made.as_dict(), status=201)
    found = Product.objects.select_related("category")
    return JsonResponse({"products": [product.as_dict() for product in found]})


@csrf_exempt
@require_POST
def photo(request, pk):
    """Takes the photograph of a product."""
    product = get_object_or_404(Product, pk=pk)
    file = request.FILES.get("photo")
    if file is None:
        return JsonResponse({"error": "there is no photo"}, status=400)
    product.photo.save(file.name, file)
    return JsonResponse({"photo": product.photo.url, "size": product.photo.size}, status=201)
