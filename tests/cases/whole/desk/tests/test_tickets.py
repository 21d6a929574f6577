import io


def test_a_ticket_is_opened_and_commented(client):
    made = client.post("/api/tickets", json={"title": "The printer is on fire"})
    assert made.status_code == 201
    number = made.json["id"]
    client.post(f"/api/tickets/{number}/comments", json={"text": "Bring sand"})
    assert client.get(f"/api/tickets/{number}").json["comments"] == ["Bring sand"]
    assert b"printer is on fire" in client.get("/").data


def test_an_attachment_comes_back(client):
    client.post("/api/tickets", json={"title": "See photograph"})
    made = client.post("/api/tickets/1/attachments", data={"file": (io.BytesIO(b"x" * 1000), "photo.jpg")})
    assert made.json == {"id": 1, "name": "photo.jpg", "size": 1000}
    assert client.get("/attachments/1").data == b"x" * 1000


def test_an_unknown_state_is_refused(client):
    client.post("/api/tickets", json={"title": "x"})
    assert client.patch("/api/tickets/1", json={"state": "lost"}).status_code == 400
