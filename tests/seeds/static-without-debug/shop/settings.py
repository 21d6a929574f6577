import os

DEBUG = False
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["shop.example.com", "127.0.0.1"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles"]
STATIC_URL = "static/"
STATIC_ROOT = "/app/staticfiles"
