import os
INSTALLED_APPS = []
ALLOWED_HOSTS = ["*"]
ALLOWED_HOSTS = os.environ["HOSTS"].split(",")
CORS_HOSTS = ["*"]
