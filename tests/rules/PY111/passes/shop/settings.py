import os
INSTALLED_APPS = []
SECRET_KEY = os.environ["SECRET_KEY"]
