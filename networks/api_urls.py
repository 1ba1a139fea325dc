"""Addresses of the API, mounted at `api/v1/w/<slug:workspace>/`."""

from django.urls import path

from networks import api

app_name = "networks_api"
api_urlpatterns = [
    path("channels/", api.channels, name="channels"),
    path("channels/<uuid:channel>/", api.channel, name="channel"),
    path("networks/", api.networks, name="networks"),
]
