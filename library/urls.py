"""Addresses of the library's pages."""

from django.urls import path

from library import views

app_name = "library"
urlpatterns = [
    path("library/", views.library, name="library"),
    path("library/<uuid:media>/", views.asset, name="asset"),
    path("library/<uuid:media>/description/", views.description, name="description"),
    path("library/<uuid:media>/file/", views.file, name="file"),
    path("library/<uuid:media>/submission/", views.submission, name="submission"),
    path("library/<uuid:media>/withdrawal/", views.withdrawal, name="withdrawal"),
]
