"""Addresses of publishing for programs."""

from django.urls import path

from publishing import api

app_name = "publishing_api"
api_urlpatterns = [
    path("posts/<uuid:pk>/deliveries/", api.post_deliveries, name="post_deliveries"),
    path("deliveries/<uuid:pk>/resolution/", api.delivery_resolution, name="delivery_resolution"),
    path("deliveries/<uuid:pk>/repetition/", api.delivery_repetition, name="delivery_repetition"),
    path("hold/", api.hold, name="hold"),
    path("holds/", api.holds, name="holds"),
    path("channels/<uuid:pk>/hold/", api.channel_hold, name="channel_hold"),
    path("campaigns/<uuid:pk>/hold/", api.campaign_hold, name="campaign_hold"),
]
