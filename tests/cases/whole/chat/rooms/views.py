from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .models import Message, Room


def home(request):
    return render(request, "rooms/home.html", {"rooms": Room.objects.all()})


def room(request, slug):
    return render(request, "rooms/room.html", {"room": get_object_or_404(Room, slug=slug)})


def messages(request, slug):
    found = get_object_or_404(Room, slug=slug).messages.all()
    return JsonResponse({"messages": [message.as_dict() for message in found]})


@csrf_exempt
@require_POST
def picture(request, slug):
    """A picture is a message, too."""
    room = get_object_or_404(Room, slug=slug)
    file = request.FILES["picture"]
    message = Message.objects.create(room=room, who="somebody", text=file.name, picture=file)
    event = {"type": "said", "message": message.as_dict()}
    async_to_sync(get_channel_layer().group_send)(f"room-{slug}", event)
    return JsonResponse(message.as_dict(), status=201)
