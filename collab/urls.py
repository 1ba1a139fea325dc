"""Root URLs: `/w/<workspace>/` for people, `/api/v1/` for programs, `/n/` for the public."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
