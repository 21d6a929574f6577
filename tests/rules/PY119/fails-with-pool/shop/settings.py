import os

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"pool": True},
        "CONN_MAX_AGE": 600,
    }
}
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["shop.example.com"]
ROOT_URLCONF = "shop.urls"
