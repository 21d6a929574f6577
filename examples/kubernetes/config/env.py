"""Variables of the environment, and what is wrong with them.

Reading never fails: `collectstatic` runs while the image is built, where the variables of
a running service are not there. Whatever serves calls `assert_usable` first, and
`manage.py check` reports the same.
"""

import os

problems: list[str] = []


class EnvironmentProblem(RuntimeError):
    """A variable is missing, or has a value that cannot be used."""


def assert_usable() -> None:
    if problems:
        raise EnvironmentProblem("; ".join(problems))


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, "")
    if not value and default is None:
        problems.append(f"{name} is not set")
    return value or default or ""


def integer(name: str, default: int) -> int:
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        problems.append(f"{name} has to be a whole number")
        return default


def boolean(name: str, default: bool) -> bool:
    return choice(name, str(default).lower(), ("true", "false")) == "true"


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in choices:
        problems.append(f"{name} has to be one of {', '.join(choices)}")
        return default
    return value


def names(name: str) -> list[str]:
    """A list separated by commas."""
    return [part.strip() for part in text(name, "").split(",") if part.strip()]
