from functools import lru_cache
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LEDGER_")

    database_url: str
    signing_key: SecretStr
    currency: str = "EUR"
    attachments: Path = Path("var/attachments")
    largest_attachment: int = 20 * 1024 * 1024


@lru_cache
def get_settings() -> Settings:
    return Settings()
