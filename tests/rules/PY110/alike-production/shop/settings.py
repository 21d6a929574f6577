INSTALLED_APPS = []
SECRET_KEY = __import__("os").environ.get("SECRET_KEY")
DEBUG = True
