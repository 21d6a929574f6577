INSTALLED_APPS = []
ALLOWED_HOSTS = ["shop.example.com"]
