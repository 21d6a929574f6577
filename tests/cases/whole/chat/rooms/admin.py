from django.contrib import admin

from .models import Message, Room

admin.site.register(Room)


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["room", "who", "text", "said"]
    list_filter = ["room"]
