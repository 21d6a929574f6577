INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles"]
DEBUG = False
STATIC_URL = "/static/"
STATIC_ROOT = "/app/static"
