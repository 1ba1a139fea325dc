"""Addresses of the library over REST."""

from django.urls import path

from library import api

app_name = "library_api"
api_urlpatterns = [
    path("library/<uuid:media>/", api.asset, name="asset"),
    path("library/<uuid:media>/versions/", api.asset_versions, name="asset_versions"),
    path("library/<uuid:media>/file/", api.asset_file, name="asset_file"),
    path("library/<uuid:media>/submission/", api.asset_submission, name="asset_submission"),
]
