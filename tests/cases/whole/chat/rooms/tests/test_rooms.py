from channels.testing import WebsocketCommunicator
from django.test import TransactionTestCase

from parlour.asgi import application
from rooms.models import Message, Room


class RoomTests(TransactionTestCase):
    def setUp(self):
        Room.objects.get_or_create(slug="lobby", defaults={"title": "Lobby"})

    def test_home(self):
        self.assertContains(self.client.get("/"), "Lobby")

    async def test_messages_come_back_and_are_kept(self):
        headers = [(b"origin", b"http://testserver"), (b"host", b"testserver")]
        socket = WebsocketCommunicator(application, "/ws/rooms/lobby/", headers=headers)
        connected, _ = await socket.connect()
        self.assertTrue(connected)
        await socket.send_json_to({"who": "Ada", "text": "Good evening"})
        answer = await socket.receive_json_from()
        self.assertEqual(answer["text"], "Good evening")
        self.assertEqual(await Message.objects.acount(), 1)
        await socket.disconnect()
