from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

CONFIG = Config(Path(__file__).resolve().parent.parent / "alembic.ini")


@pytest.mark.usefixtures("database_url")
def test_the_migrations_make_the_tables_of_the_models() -> None:
    command.check(CONFIG)


@pytest.mark.usefixtures("database_url")
def test_the_migrations_can_be_undone() -> None:
    command.downgrade(CONFIG, "base")
