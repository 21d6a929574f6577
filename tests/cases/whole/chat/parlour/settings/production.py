import os

from .base import *  # noqa: F403

DEBUG = False
SECRET_KEY = os.environ["PARLOUR_SECRET_KEY"]
ALLOWED_HOSTS = [host for host in os.environ.get("PARLOUR_HOSTS", "").split(",") if host]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("POSTGRES_HOST", "localhost"),
        "PORT": os.environ.get("POSTGRES_PORT", "5432"),
        "NAME": os.environ.get("POSTGRES_DB", "parlour"),
        "USER": os.environ.get("POSTGRES_USER", "parlour"),
        "PASSWORD": os.environ.get("POSTGRES_PASSWORD", ""),
    }
}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("REDIS_URL", "redis://localhost:6379/0")]},
    }
}
