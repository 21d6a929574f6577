"""Settings from the environment, checked when the process starts.

Each process loads the class with what it needs: a migration runs without the
variables of the web service.
"""

from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(RuntimeError):
    """The environment lacks a variable, or one has a value that cannot be used."""


class Environment(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        # A variable without a value counts as missing.
        env_ignore_empty=True,
        # Values stay out of messages: some are passwords.
        hide_input_in_errors=True,
    )

    @classmethod
    def load(cls) -> Self:
        try:
            return cls()
        except ValidationError as error:
            problems = "\n".join(
                f"  {'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
                for problem in error.errors()
            )
            raise SettingsError(f"the environment is not usable:\n{problems}") from None


class LogSettings(Environment):
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class DatabaseSettings(Environment):
    # postgresql://USER:PASSWORD@HOST:5432/NAME
    database_url: SecretStr
    database_pool_size: int = Field(default=10, ge=1)
    # 0: no limit.
    database_statement_timeout_ms: int = Field(default=25000, ge=0)


class Settings(
    LogSettings,
    DatabaseSettings,
):
    """What the web service reads."""

    # Seconds until a request is answered with 504.
    request_timeout: float = Field(default=30, gt=0)
    # Bytes: a larger body is answered with 413.
    max_body_bytes: int = Field(default=10 * 1024 * 1024, ge=1)
