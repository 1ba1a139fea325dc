"""Addresses of own work for programs."""

from django.urls import path

from home import api

app_name = "home_api"
api_urlpatterns = [path("work/", api.work, name="work")]
