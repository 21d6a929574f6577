"""The service's settings, with SQLite instead of PostgreSQL and nothing that has to run beside."""

import os

os.environ.update(
    SECRET_KEY="for-the-tests-alone-and-long-enough-for-the-checks-of-django",
    DATABASE_URL="sqlite://",
)

from config.settings import *  # noqa: E402, F403 (they read the environment)

# Files are served as they are: no `collectstatic` before the tests.
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
