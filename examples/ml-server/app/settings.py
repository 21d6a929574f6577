"""Settings from the environment, checked when the process starts."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError
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


class ModelSettings(Environment):
    model_path: Path = Path("models/model.onnx")
    model_threads: int = Field(default=1, ge=1)
    model_load_attempts: int = Field(default=3, ge=1)
    # Seconds between two attempts.
    model_load_delay: float = Field(default=5, ge=0)


class Settings(ModelSettings):
    """What the web service reads."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    # Seconds until a request is answered with 504.
    request_timeout: float = Field(default=60, gt=0)
    # Bytes: a larger body is answered with 413.
    max_body_bytes: int = Field(default=10 * 1024 * 1024, ge=1)
