from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

from .status import status

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("catalogue.api_urls")),
    path("api/", include("orders.api_urls")),
    path("api/status/", status, name="status"),
    path("accounts/", include("accounts.urls")),
]
urlpatterns += i18n_patterns(path("", include("catalogue.urls")), prefix_default_language=False)

if settings.DEBUG:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
