"""Addresses of guests' links for programs."""

from django.urls import path

from guests import api

app_name = "links_api"
api_urlpatterns = [
    path("guests/", api.links, name="links"),
    path("guests/<uuid:link>/", api.link, name="link"),
    path("guests/<uuid:link>/mail/", api.link_mail, name="link_mail"),
]
