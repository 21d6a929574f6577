import os
INSTALLED_APPS = []
SECRET_KEY = __import__("os").environ.get("SECRET_KEY")
DEBUG = os.environ.get("DEBUG") == "1"
# DEBUG = True
if os.environ.get("ENV") == "dev":
    DEBUG = True
