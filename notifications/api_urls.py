"""Addresses of notices for programs."""

from django.urls import path

from notifications import api

app_name = "notifications_api"
api_urlpatterns = [path("notices/mail/", api.mail_rules, name="mail_rules")]
