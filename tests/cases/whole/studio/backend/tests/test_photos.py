import pytest

from studio.store import database, files


@pytest.fixture(autouse=True)
def storage(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "STORAGE", tmp_path)
    monkeypatch.setattr(database, "DATABASE", tmp_path / "studio.db")
    monkeypatch.setattr(files, "PHOTOS", tmp_path / "photos")
    database.prepare()


def test_a_photo_is_kept():
    number = database.add("cat.jpg", 12, ["#000000"])
    assert database.photo(number)["name"] == "cat.jpg"
    assert [photo["id"] for photo in database.photos()] == [number]


def test_there_is_no_photo_that_nobody_sent():
    assert database.photo(99) is None
