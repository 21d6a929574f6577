from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("rooms/<slug:slug>/", views.room, name="room"),
    path("rooms/<slug:slug>/messages.json", views.messages, name="messages"),
    path("rooms/<slug:slug>/pictures/", views.picture, name="picture"),
]
