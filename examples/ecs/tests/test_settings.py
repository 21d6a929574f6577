import pytest

from app.settings import Settings, SettingsError

REQUIRED = {
    "DATABASE_URL": "postgresql://app:secret@db:5432/app",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(SettingsError, match=f"{name}: Field required"):
        Settings.load()


def test_secrets_stay_out_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as raised:
        Settings.load()

    assert "LOG_LEVEL: Input should be 'debug'" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_secrets_stay_out_of_representations() -> None:
    assert "secret@" not in repr(Settings.load())
