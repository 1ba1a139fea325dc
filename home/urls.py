"""Addresses of own work for people."""

from django.urls import path

from home import views

app_name = "home"
urlpatterns = [path("work/", views.work, name="work")]
