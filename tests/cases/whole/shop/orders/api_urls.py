from django.urls import path

from . import api

urlpatterns = [
    path("orders/", api.place, name="api-place"),
    path("orders/<int:pk>/", api.show, name="api-order"),
]
