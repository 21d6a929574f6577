"""Settings, from the environment."""

from pathlib import Path

from config import env, logs
from config.database import database

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY")

# 127.0.0.1: the container's health check, and whom AnswerByAddress lets in.
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

# Once a proxy in front ends TLS: no plain HTTP, neither for pages nor for cookies.
SECURE_SSL_REDIRECT = not DEBUG and env.boolean("SECURE_SSL_REDIRECT", False)
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$", r"^metrics$"]
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT

# For so long browsers refuse plain HTTP, and nothing takes that back.
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 0)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "core",
]

MIDDLEWARE = [
    "core.middleware.AnswerByAddress",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.middleware.AnswerErrors",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

# A larger body, files included, is answered with 413.
MAX_BODY_BYTES = env.integer("MAX_BODY_BYTES", 10 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": database(
        env.text("DATABASE_URL"),
        # 0: no pool.
        pool_size=env.integer("DATABASE_POOL_SIZE", 2),
        # 0: no limit.
        statement_timeout_ms=env.integer("DATABASE_STATEMENT_TIMEOUT_MS", 25000),
    ),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("CACHE_URL"),
        # Seconds: short enough for a request to survive them.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    },
}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Names hold a hash of the content, so that browsers may keep the files for ever.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What users send: a volume, which nothing serves without a proxy.
MEDIA_URL = "media/"
MEDIA_ROOT = BASE_DIR / "media"

USE_TZ = True
TIME_ZONE = "UTC"

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
# How long a task may run before Redis hands it to another worker as well. Celery reads it
# in three places, and it has to be above the time limit in all of them.
CELERY_VISIBILITY_TIMEOUT = env.integer("CELERY_VISIBILITY_TIMEOUT", 3900)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
}
# Who queues a task or asks for a result learns soon that Redis is away.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}
CELERY_RESULT_BACKEND = env.text("CELERY_RESULT_BACKEND")
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "retry_policy": CELERY_TASK_PUBLISH_RETRY_POLICY,
}
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 2
CELERY_REDIS_SOCKET_TIMEOUT = 3
CELERY_RESULT_EXPIRES = 3600
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TRACK_STARTED = True
# A task whose process dies, be it the whole worker or the child that ran it (out of memory),
# is run again, so tasks have to bear that; see BoundedTask. And a worker takes one at a time:
# the others stay with the broker, for whoever is free.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_TIME_LIMIT = env.integer("CELERY_TASK_TIME_LIMIT", 3600)
CELERY_TASK_SOFT_TIME_LIMIT = env.integer("CELERY_TASK_SOFT_TIME_LIMIT", 3300)
# What a stopping worker gives its tasks before it hands them back to the broker.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = env.integer("CELERY_SOFT_SHUTDOWN_TIMEOUT", 45)
CELERY_BEAT_MAX_LOOP_INTERVAL = 30
CELERY_BEAT_SCHEDULE = {
    "report-alive-every-minute": {
        "task": "core.tasks.report_alive",
        "schedule": 60,
        # Without a worker the copies would pile up.
        "options": {"expires": 60},
    },
}

LOG_LEVEL = env.choice("LOG_LEVEL", "info", logs.LEVELS)
LOGGING = logs.configuration(LOG_LEVEL)
