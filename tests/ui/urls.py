"""The style guide beside the product's own addresses."""

from django.urls import include, path

from collab.styleguide import styleguide

urlpatterns = [
    path("styleguide/", styleguide, name="styleguide"),
    path("i18n/", include("django.conf.urls.i18n")),
]
