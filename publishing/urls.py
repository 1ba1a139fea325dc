"""Addresses of publishing for people, within a workspace."""

from django.urls import path

from publishing import views

app_name = "publishing"
urlpatterns = [
    path("deliveries/", views.troubles, name="troubles"),
    path("deliveries/interrupted/", views.interrupted_deliveries, name="interrupted"),
    path("deliveries/<uuid:delivery>/resolution/", views.resolution, name="resolution"),
    path("deliveries/<uuid:delivery>/repetition/", views.repetition, name="repetition"),
    path("pause/", views.pause, name="pause"),
    path("pause/resumption/", views.resumption, name="resumption"),
]
