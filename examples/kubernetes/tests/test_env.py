from collections.abc import Iterator

import pytest
from django.core.checks import run_checks

from config import env
from config.database import database


@pytest.fixture(autouse=True)
def problems() -> Iterator[list[str]]:
    yield env.problems
    env.problems.clear()


def test_a_usable_environment_is_no_problem() -> None:
    env.assert_usable()

    assert run_checks() == []


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISSING", raising=False)
    monkeypatch.setenv("WHOLE", "1.5")
    monkeypatch.setenv("SWITCH", "perhaps")

    env.text("MISSING")
    env.integer("WHOLE", 1)
    env.boolean("SWITCH", False)

    with pytest.raises(env.EnvironmentProblem) as raised:
        env.assert_usable()
    assert str(raised.value) == (
        "MISSING is not set; WHOLE has to be a whole number; SWITCH has to be one of true, false"
    )
    assert len(run_checks()) == 3


def test_names_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", "one.example.com, two.example.com,")

    assert env.names("HOSTS") == ["one.example.com", "two.example.com"]


def test_a_database_address_is_taken_apart() -> None:
    entry = database(
        "postgresql://app:p%40ss@db:5433/shop?sslmode=require",
        pool_size=3,
        statement_timeout_ms=500,
    )

    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db", 5433, "shop")
    assert (entry["USER"], entry["PASSWORD"]) == ("app", "p@ss")
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["options"] == "-c statement_timeout=500"
    assert entry["OPTIONS"]["pool"]["max_size"] == 3


def test_no_pool_when_its_size_is_zero() -> None:
    entry = database("postgresql://app:pass@db/shop", pool_size=0, statement_timeout_ms=0)

    assert "pool" not in entry["OPTIONS"]


def test_another_kind_of_database_is_a_problem(problems: list[str]) -> None:
    assert database("mysql://app:pass@db/shop", pool_size=0, statement_timeout_ms=0) == {}
    assert problems == ["DATABASE_URL has to be postgresql://USER:PASSWORD@HOST:5432/NAME"]
