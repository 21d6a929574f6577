from django.contrib.auth import views as auth
from django.urls import path

from . import views

urlpatterns = [
    path("login/", auth.LoginView.as_view(template_name="people/login.html"), name="login"),
    path("me/", views.me, name="me"),
]
