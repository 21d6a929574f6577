import os
INSTALLED_APPS = []
SECRET_KEY = "django-insecure-8w7e98fhw9e8fh"
