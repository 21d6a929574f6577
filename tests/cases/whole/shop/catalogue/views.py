from django.shortcuts import get_object_or_404, render

from .models import Category, Product


def home(request):
    categories = Category.objects.prefetch_related("products")
    return render(request, "catalogue/home.html", {"categories": categories})


def product(request, pk):
    return render(request, "catalogue/product.html", {"product": get_object_or_404(Product, pk=pk)})
