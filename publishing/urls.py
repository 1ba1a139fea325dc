"""Addresses of publishing for people, within a workspace."""

from django.urls import path

from publishing.views import deliveries, pauses

app_name = "publishing"
urlpatterns = [
    path("deliveries/", deliveries.troubles, name="troubles"),
    path("deliveries/interrupted/", deliveries.interrupted_deliveries, name="interrupted"),
    path("deliveries/<uuid:delivery>/resolution/", deliveries.resolution, name="resolution"),
    path("deliveries/<uuid:delivery>/by-hand/", deliveries.by_hand, name="by_hand"),
    path("deliveries/<uuid:delivery>/repetition/", deliveries.repetition, name="repetition"),
    path("pause/", pauses.pause, name="pause"),
    path("pause/resumption/", pauses.resumption, name="resumption"),
    path("pause/<uuid:hold>/", pauses.hold, name="hold"),
    path("pause/<uuid:hold>/resumption/", pauses.resumption, name="hold_resumption"),
]
