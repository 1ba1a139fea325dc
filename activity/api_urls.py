"""REST of the record."""

from django.urls import path

from activity import api

app_name = "activity_api"

api_urlpatterns = [path("activity/", api.entries, name="entries")]
