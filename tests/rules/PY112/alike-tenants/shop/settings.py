ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django_tenants"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
