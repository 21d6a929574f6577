"""The tables in the administration's pages, under /admin/."""

from django.contrib import admin

from core.models import Item


@admin.register(Item)
class ItemAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # cannot be subscripted when it runs
    list_display = ("id", "name")
    search_fields = ("name",)
