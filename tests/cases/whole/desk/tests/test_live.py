from desk.extensions import socketio


def test_who_watches_sees_comments(app, client):
    client.post("/api/tickets", json={"title": "x"})
    browser = socketio.test_client(app)
    browser.emit("watch", 1)
    client.post("/api/tickets/1/comments", json={"text": "Hello"})
    names = [message["name"] for message in browser.get_received()]
    assert names == ["watching", "comment"]


def test_numbers_follow_each_other(client):
    codes = [client.post("/api/queue").json["code"] for _ in range(3)]
    assert codes == [codes[0], codes[0] + 1, codes[0] + 2]
