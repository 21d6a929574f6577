from django.conf import settings
from django.conf.urls.static import static
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("health", lambda request: HttpResponse("ok"))]
urlpatterns += static(settings.STATIC_URL, document_root=settings.STATIC_ROOT)
