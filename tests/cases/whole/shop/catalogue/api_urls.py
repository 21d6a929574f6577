from django.urls import path

from . import api

urlpatterns = [
    path("products/", api.products, name="api-products"),
    path("products/<int:pk>/photo/", api.photo, name="api-photo"),
]
