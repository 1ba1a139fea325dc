"""Addresses of files over REST."""

from django.urls import path

from files import api

app_name = "files_api"
api_urlpatterns = [
    path("media/", api.media, name="media"),
    path("media/<uuid:media>/", api.one_media, name="one_media"),
]
