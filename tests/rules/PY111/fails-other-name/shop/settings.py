SECRET_KEY = "8fh3kd93jd83hf73hd83jd93kd93"
INSTALLED_APPS = []
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
