"""The service's settings, with SQLite instead of PostgreSQL and nothing that has to run beside."""

import os

os.environ.update(
    SECRET_KEY="for-the-tests-alone-and-long-enough-for-the-checks-of-django",
    DATABASE_URL="sqlite://",
    CACHE_URL="redis://127.0.0.1:1/0",
    CELERY_BROKER_URL="redis://127.0.0.1:1/0",
    CELERY_RESULT_BACKEND="cache+memory://",
)

from config.settings import *  # noqa: E402, F403 (they read the environment)

# Files are served as they are: no `collectstatic` before the tests.
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True

# Tasks run where they are queued, and results stay in the process.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_STORE_EAGER_RESULT = True
