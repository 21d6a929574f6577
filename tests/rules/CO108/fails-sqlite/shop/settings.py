ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = []
WSGI_APPLICATION = "shop.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
