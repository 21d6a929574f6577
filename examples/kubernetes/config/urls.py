"""Which view answers which path."""

from django.contrib import admin
from django.urls import path

from core.views import health, items, tasks

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("admin/", admin.site.urls),
    path("items", items.ItemsView.as_view()),
    path("items/<int:item_id>", items.ItemView.as_view()),
    path("tasks", tasks.TasksView.as_view()),
    path("tasks/<uuid:task_id>", tasks.TaskView.as_view()),
]
