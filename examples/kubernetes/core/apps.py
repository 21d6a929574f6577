"""The application's entry in INSTALLED_APPS."""

from typing import Any

from django.apps import AppConfig
from django.core import checks

from config import env


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        checks.register(check_environment)


def check_environment(**_: Any) -> list[checks.CheckMessage]:
    """For `manage.py`: a server asks config.env by itself."""
    return [checks.Error(problem, id="core.E001") for problem in env.problems]
