from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from .models import Message, Room


class RoomConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.room = await self.find(self.scope["url_route"]["kwargs"]["slug"])
        if self.room is None:
            await self.close()
            return
        self.group = f"room-{self.room.slug}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        if getattr(self, "group", None):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content):
        message = await self.keep(content["who"], content["text"])
        await self.channel_layer.group_send(self.group, {"type": "said", "message": message})

    async def said(self, event):
        await self.send_json(event["message"])

    @database_sync_to_async
    def find(self, slug):
        return Room.objects.filter(slug=slug).first()

    @database_sync_to_async
    def keep(self, who, text):
        return Message.objects.create(room=self.room, who=who, text=text).as_dict()
