import pytest

from app.settings import Settings, SettingsError


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")

    with pytest.raises(SettingsError, match="LOG_LEVEL: Input should be 'debug'"):
        Settings.load()


def test_nothing_has_to_be_set() -> None:
    assert Settings.load().log_level == "info"
