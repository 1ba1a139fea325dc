"""Addresses of files."""

from django.urls import path

from files import views

app_name = "files"
urlpatterns = [path("media/<str:signed>", views.media, name="media")]
