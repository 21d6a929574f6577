INSTALLED_APPS = ["django_tenants"]
MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware"]
# Tenants bring domains of their own.
ALLOWED_HOSTS = ["*"]
